"""Temporary names beside a file or a folder that is being written, and what is left of them."""

import hashlib
import os
import platform
import re
import time
import uuid
from contextlib import suppress
from pathlib import Path

PREFIX = ".miqrec-"
"""All temporary names begin with it."""

PATTERN = re.compile(rf"{re.escape(PREFIX)}[0-9a-f]+-([0-9a-f]+)-([0-9]+)-[0-9a-f]+")
"""One that is being written to: of which path, on which machine, by which process, and a number."""

DAY = 24 * 60 * 60
"""Seconds after which a temporary name from another machine counts as left behind."""


def temporary_name(path: Path) -> Path:
    """Name a neighbour of `path` that nobody else uses; it says which process is writing to it."""
    return path.with_name(f"{_stem(path)}-{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}")


def name_aside(path: Path) -> Path:
    """Name the neighbour of `path` to which an old folder steps aside; it is always the same."""
    return path.with_name(f"{_stem(path)}.old")


def left_behind(folder: Path) -> list[Path]:
    """List the temporary names in a folder that nobody is writing to any more."""
    names = {path: PATTERN.fullmatch(path.name) for path in folder.glob(f"{PREFIX}*")}
    return [path for path, name in names.items() if name and _is_left_behind(path, *name.groups())]


def _is_left_behind(path: Path, host: str, process: str) -> bool:
    if host == _host() and os.name == "posix":
        return not _is_alive(int(process))
    with suppress(FileNotFoundError):
        return time.time() - path.lstat().st_mtime > DAY
    return False


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _stem(path: Path) -> str:
    """How the temporary names of a path begin; short, since a path's own name may be long."""
    return PREFIX + hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
