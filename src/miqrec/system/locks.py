"""Locks that a process holds as long as it lives, however it ends."""

from typing import IO

from miqrec.errors import MiqrecError


def lock(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed here and in all child processes that were given it.

    Returns:
        False if somebody else holds the lock.

    Raises:
        MiqrecError: The system has no such locks.
    """
    try:
        import fcntl
    except ImportError as error:
        raise MiqrecError("this needs file locks, which Windows has not; run it in WSL") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
