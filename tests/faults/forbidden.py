"""Folders and files that may not be written or read, for a user to whom not everything is allowed."""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path

from faults.children import Work
from faults.room import CACHE, ROOM

_VERSION, _OWN_RIGHTS_ONLY = 0x20080522, ~0b110
"""Of Linux's capabilities: version 3, and all but those to write and to read whatever there is."""


_ASIDE = ROOM.parent / "cache"
"""Where the cache is while a file has its place."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inherited"))


def as_anybody(work: Work) -> None:
    """Do the work in a child for which what is forbidden is forbidden, though it be root's."""
    libc, header, sets = ctypes.CDLL(None), _Header(_VERSION, 0), (_Sets * 2)()
    libc.capget(ctypes.byref(header), sets)
    sets[0].effective &= _OWN_RIGHTS_ONLY
    sets[0].permitted &= _OWN_RIGHTS_ONLY
    assert libc.capset(ctypes.byref(header), sets) == 0
    work()


def mend() -> None:
    """Allow everything to the owner again."""
    for folder, folders, files in os.walk(ROOM):
        for path in (Path(folder, name) for name in (".", *folders, *files)):
            path.chmod(path.stat().st_mode | (0o700 if path.is_dir() else 0o600))
    if CACHE.is_file():
        CACHE.unlink()
        if _ASIDE.exists():
            _ASIDE.rename(CACHE)


def _cache_is_a_file() -> None:
    if CACHE.exists():
        CACHE.rename(_ASIDE)
    CACHE.write_text("", encoding="utf-8")


def _nothing_written_in(folder: Path) -> None:
    """Let nobody write in a folder and in those below it."""
    folder.mkdir(exist_ok=True)
    for path in (folder, *folder.rglob("*/")):
        path.chmod(0o555)


def _cache_is_hidden() -> None:
    CACHE.mkdir(exist_ok=True)
    CACHE.chmod(0)


FORBIDDEN: dict[str, Callable[[], None]] = {
    "the folder can't be written": lambda: ROOM.chmod(0o555),
    "no folder can be written": lambda: _nothing_written_in(ROOM),
    "the cache can't be written": lambda: _nothing_written_in(CACHE),
    "the cache can't be read": _cache_is_hidden,
    "the cache is a file": _cache_is_a_file,
    "the temporary folder can't be written": lambda: _nothing_written_in(ROOM / "tmp"),
}
"""What is forbidden, by what a person would say."""
