"""What every worker measures with: a stopwatch for steps, and the memory of this process."""

import json
import os
import platform
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.jobs import Job

MIB = 2**20


class Stopwatch:
    """Seconds a row, from the ends of a peer's steps, the first of them left out as a warm-up."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up = warm_up
        self.ends: list[float] = []
        self.rows: list[int] = []

    def step(self, rows: int) -> None:
        """Call it at the end of a step over `rows` rows."""
        self.ends.append(time.perf_counter())
        self.rows.append(rows)

    def epoch(self, rows: int) -> float:
        """Seconds of an epoch over `rows` rows, those that were not measured at the measured pace."""
        measured = sum(self.rows[self.warm_up :])
        return (self.ends[-1] - self.ends[self.warm_up - 1]) * rows / measured

    def note(self, rows: int) -> str:
        """How much of the epoch was measured, in a sentence."""
        measured = sum(self.rows[self.warm_up :])
        return f"extrapolated from {len(self.ends) - self.warm_up} steps, {measured / rows:.1%} of an epoch"


class Memory:
    """The peak of resident memory, and how far it is above what there was when work began."""

    def __init__(self) -> None:
        self.start = resident()

    def summary(self) -> dict[str, float]:
        """Both in MiB."""
        peak = largest()
        return {"peak_mib": peak / MIB, "above_start_mib": (peak - self.start) / MIB}


def resident() -> int:
    """Bytes that this process holds now."""
    statm = Path("/proc/self/statm")
    return (
        int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        if statm.exists()
        else largest()
    )


def largest() -> int:
    """The most bytes that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def call(function: Any) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def begin() -> tuple[Job, Path]:
    """The job and the folder with its data, from the command line; sets the number of threads."""
    job = Job.load(sys.argv[1])
    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    return job, Path(sys.argv[2])


def finish(job: Job, memory: Memory, packages: tuple[str, ...], **measured: Any) -> None:
    """Print the measurement as the last line of the output."""
    versions = {name: version(name) for name in ("torch", "numpy", *packages)}
    about = {"versions": versions | {"python": platform.python_version()}}
    about |= {"threads": torch.get_num_threads(), "load": os.getloadavg()[0]}
    named = {name: getattr(job, name) for name in ("precision", "dropout", "attention_dropout")}
    print(json.dumps(named | measured | memory.summary() | about), flush=True)
