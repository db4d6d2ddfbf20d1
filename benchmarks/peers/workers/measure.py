"""What every worker begins and ends with, and a stopwatch for the steps of a peer."""

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine.memory import Memory
from benchmarks.peers.jobs import Job


class Stopwatch:
    """The seconds of an epoch, from the ends of a peer's steps; the first steps are a warm-up."""

    def __init__(self, warm_up: int) -> None:
        self.warm_up = warm_up
        self.ends: list[float] = []
        self.rows: list[int] = []

    def step(self, rows: int) -> None:
        """Note the end of a step over so many rows."""
        self.ends.append(time.perf_counter())
        self.rows.append(rows)

    def epoch(self, rows: int) -> float:
        """Return the seconds of an epoch over so many rows, at the pace of those that were measured."""
        measured = sum(self.rows[self.warm_up :])
        return (self.ends[-1] - self.ends[self.warm_up - 1]) * rows / measured

    def note(self, rows: int) -> str:
        """Say how much of the epoch was measured."""
        measured = sum(self.rows[self.warm_up :])
        return f"extrapolated from {len(self.ends) - self.warm_up} steps, {measured / rows:.1%} of an epoch"


def begin() -> tuple[Job, Path]:
    """Read the job and the folder with its data from the command line, and set threads and seed."""
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
