"""The memory of this process. Standard library only, since a peer's environment runs it too."""

import os
import resource
import sys
from pathlib import Path

MIB = 2**20


class Memory:
    """The peak of resident memory, and how far it lies above what the process held at the start."""

    def __init__(self) -> None:
        self.start = resident()

    def summary(self) -> dict[str, float]:
        """Return both in MiB."""
        peak = largest()
        return {"peak_mib": peak / MIB, "above_start_mib": (peak - self.start) / MIB}


def resident() -> int:
    """Return the bytes that this process holds now."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return largest()
    return int(statm.read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def largest() -> int:
    """Return the most bytes that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
