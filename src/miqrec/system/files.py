"""Files and folders that appear whole or not at all, whatever ends the process meanwhile.

What is written gets a temporary name beside its place and is renamed once it is complete and on the
disk. A process that was killed leaves at most such a temporary name behind, and the next one that
writes to the same folder removes it.
"""

import ctypes
import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from miqrec.errors import MiqrecError
from miqrec.system.temporary import left_behind, name_aside, temporary_name

LONG = 200
"""Characters of a path in a message."""


class UnwritableError(MiqrecError):
    """A file or a folder can't be written: a right is missing, the disk is full, or the path is none."""


@contextmanager
def replacing(path: Path, replaces: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """Give a temporary name to write to, which becomes `path` if all goes well.

    What is at `path` before stays until then, and stays for good if something goes wrong. A link is
    followed: what it points to is replaced.

    Args:
        path: Where the file or the folder is to appear; missing folders above it are made.
        replaces: For a folder: says of one that is there already, and isn't empty, whether it may be
            replaced. Without it a file is written, and no folder is replaced.

    Raises:
        UnwritableError: If the path can't be written; nothing is.
        MiqrecError: If something stands at `path` that may not be replaced; nothing is written.
    """
    with writing(path), _written_aside(path, replaces) as partial:
        yield partial


def put_in_place(
    folder: Path, path: Path, replaces: Callable[[Path], bool] = lambda there: False
) -> None:
    """Rename a folder, all of which has been written, to `path`, as `replacing` does with a temporary one.

    Raises:
        UnwritableError: If the path can't be written; `folder` stays.
        MiqrecError: If something stands at `path` that may not be replaced; `folder` stays.
    """
    with writing(path):
        target = _real(path)
        recover(target)
        check_replaceable(path, replaces)
        _flush(folder)
        _take_place(folder, target)
        remove(folder)  # by now what stood at `path` before


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of what the system refuses meanwhile that `path` can't be written.

    Raises:
        UnwritableError: If the disk is full, a right is missing, and the like.
    """
    try:
        yield
    except Exception as error:
        if cause := _system_error(error):
            raise UnwritableError(f"{shown(path)} can't be written: {reason(cause)}") from error
        raise


def _system_error(error: Exception) -> OSError | None:
    """Find what the system refused: Polars tells some of it in the text of other errors alone."""
    if isinstance(error, OSError) and error.errno:
        return error
    if number := re.search(r"\(os error (\d+)\)", str(error)):
        return OSError(int(number[1]), os.strerror(int(number[1])))
    return error if isinstance(error, OSError) else None


@contextmanager
def _written_aside(path: Path, replaces: Callable[[Path], bool] | None) -> Iterator[Path]:
    target = _real(path)
    recover(target)
    check_replaceable(path, replaces)
    make_folder(target.parent)
    sweep(target.parent)
    partial = temporary_name(target)
    try:
        yield partial
        _flush(partial)
        _take_place(partial, target)
    finally:
        remove(partial)


def _real(path: Path) -> Path:
    """Follow links, those whose target is missing too."""
    try:
        return path.resolve()
    except RuntimeError as error:  # before Python 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, if it isn't there.

    Raises:
        OSError: If it can't be made, such as NotADirectoryError where a file stands in its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None


def check_replaceable(path: Path, replaces: Callable[[Path], bool] | None = None) -> None:
    """Refuse what `replacing` would refuse; call it before long work whose result goes to `path`.

    Raises:
        MiqrecError: If something stands at `path` that may not be replaced.
    """
    if replaces is None and path.is_dir():
        raise MiqrecError(f"{path} is a folder, and a file is to be written; choose another name")
    if replaces is None or not path.exists():
        return
    if not path.is_dir():
        raise MiqrecError(f"{path} is a file, and a folder is to be written; choose another name")
    if any(path.iterdir()) and not replaces(path):
        raise MiqrecError(f"{path} holds other files; choose a new folder")


def recover(path: Path) -> None:
    """Bring back a folder whose replacement was interrupted, on systems that can't swap two names.

    There the old folder steps aside before the new one takes its place. Whoever reads a folder calls
    this before saying that there is none.
    """
    aside = name_aside(path)
    if path.exists():
        remove(aside)
    elif aside.exists():
        aside.replace(path)


def sweep(folder: Path) -> None:
    """Remove what killed processes left of files that they were writing in a folder."""
    for path in left_behind(folder):
        with suppress(OSError):  # another process was faster, or it is another user's
            remove(path)


def reason(error: OSError) -> str:
    """Say why a file can't be read or written, in the words of the system if there are any."""
    return error.strerror or f"{' '.join(str(error).split())} (the disk may be full)"


def shown(path: Path | str) -> str:
    """Return a path as a sentence can hold it: the middle of a very long one is left out."""
    text = str(path)
    return text if len(text) <= LONG else f"{text[: LONG // 2]}...{text[-LONG // 2 :]}"


def remove(path: Path) -> None:
    """Remove a file, a link (not what it points to) or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON that a person can read, whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(
            json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def _take_place(new: Path, path: Path) -> None:
    """Rename `new` to `path`; a folder that was there is then at `new`, or is removed."""
    if not path.is_dir():
        new.replace(path)
    elif not _swap(new, path):
        path.replace(name_aside(path))
        try:
            new.replace(path)
        finally:
            recover(path)
    _flush_folder(path.parent)


def _swap(one: Path, other: Path) -> bool:
    """Swap two names in one step; returns False where the system or the disk can't."""
    here, exchange = -100, 2  # AT_FDCWD; RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS
    old, new = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        return bool(ctypes.CDLL(None).renamex_np(old, new, exchange) == 0)
    libc = ctypes.CDLL(None) if os.name == "posix" else None
    swap = getattr(libc, "renameat2", None)
    return swap is not None and bool(swap(here, old, here, new, exchange) == 0)


def _flush(path: Path) -> None:
    """Have the system write a file, or a folder with all that is in it, to the disk."""
    if not path.is_dir():
        _flush_file(path)
        return
    for folder, _, names in os.walk(path):
        for name in names:
            _flush_file(Path(folder, name))
        _flush_folder(Path(folder))


def _flush_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    """Write the names in a folder to the disk; Windows needs no such step."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
