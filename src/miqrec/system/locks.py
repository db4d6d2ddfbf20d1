"""Locks on folders: one process at a time works in a folder, and its lock ends with it, however it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from miqrec.errors import MiqrecError
from miqrec.system.files import UnwritableError, make_folder, reason, shown

PATIENCE = 1.0
"""Seconds for which a lock is tried: `is_locked` holds the lock it looks at for an instant."""


class FolderBusyError(MiqrecError):
    """Another process is at work in the folder."""


@contextmanager
def locked(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of `folder`, an empty file beside it that stays when the lock is released.

    The operating system releases the lock of a process that is killed. Processes that this one forks
    don't share the lock.

    Args:
        folder: it need not exist yet.
        patience: seconds to wait for the lock.

    Raises:
        FolderBusyError: another process holds the lock.
        UnwritableError: the lock can't be written.
    """
    path = lock_path(folder)
    try:
        make_folder(path.parent)
        lock = FileLock(path)
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise FolderBusyError(
            f"another process is at work in {folder}; wait until it has ended, or choose another folder"
        ) from error
    except OSError as error:
        raise UnwritableError(
            f"the lock {shown(path)} can't be written: {reason(error)}"
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_locked(folder: Path) -> bool:
    """Whether a process is at work in `folder`."""
    if not lock_path(folder).exists():
        return False
    try:
        with locked(folder, patience=0.0):
            return False
    except FolderBusyError:
        return True


def lock_path(folder: Path) -> Path:
    """Name the lock of a folder: `runs/.miq.lock` is that of `runs/miq`."""
    absolute = folder.absolute()
    return absolute.parent / f".{absolute.name}.lock"
