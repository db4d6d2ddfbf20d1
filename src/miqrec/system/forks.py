"""Processes that were forked from one in which Polars was at work, where whatever uses it waits for ever.

Polars computes in threads that start at the first use and end with the process. A fork copies the memory
of a process and none of its threads, so that a child hands out work that nobody does. What the child could
do about it Polars doesn't offer; here it is said at the doors of the library.
"""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from miqrec.errors import MiqrecError

_THREADS = Path("/proc/self/task")  # of Linux
_OF_POLARS = re.compile(r"polars-\d+|async-executor.*")


_polars = SimpleNamespace(was_at_work=False, is_lost=False)
"""Whether Polars was at work when this process forked last, and whether it was in a process before it."""


def refuse_stuck_process() -> None:
    """Refuse work that would never end; call it before Polars is used.

    Raises:
        MiqrecError: If this process was forked from one in which Polars was at work.
    """
    if _polars.is_lost:
        raise MiqrecError(
            "this process was forked from one in which Polars had started its threads, which a fork leaves "
            'behind, so miqrec would wait for ever: start processes by multiprocessing\'s "spawn" or '
            '"forkserver", or fork before anything is loaded (docs/multiprocessing.md shows how)'
        )


def polars_is_at_work() -> bool:
    """Return whether Polars has started its threads; where they can't be listed, whether it is imported."""
    if not _THREADS.is_dir():
        return "polars" in sys.modules
    for thread in _THREADS.iterdir():
        with suppress(OSError):  # it has ended meanwhile
            if _OF_POLARS.match((thread / "comm").read_text(encoding="utf-8")):
                return True
    return False


def _before_fork() -> None:
    _polars.was_at_work = polars_is_at_work()


def _in_child() -> None:
    _polars.is_lost = _polars.is_lost or _polars.was_at_work


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
