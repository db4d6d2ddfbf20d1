"""A stopwatch for single calls, which also waits for a GPU."""

import time
from collections.abc import Callable

import torch


def median_seconds(function: Callable[[], object], seconds: float) -> float:
    """Call a function once as a warm-up, then again and again, and return the median time of a call.

    Args:
        function: What is timed.
        seconds: Calls stop once they took so long together; three are made in any case.
    """
    timed(function)
    taken: list[float] = []
    while sum(taken) < seconds or len(taken) < 3:
        taken.append(timed(function))
    return sorted(taken)[len(taken) // 2]


def timed(function: Callable[[], object]) -> float:
    """Return the seconds of one call, with a GPU's queue emptied before and after."""
    wait()
    began = time.perf_counter()
    function()
    wait()
    return time.perf_counter() - began


def wait() -> None:
    """Wait until a GPU, where there is one, has finished its work."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
