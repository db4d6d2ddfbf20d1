"""Planned runs as processes of their own, several side by side: a kill of anything loses nothing.

A run's output goes to a log beside its folder. Its process holds the lock of the folder as long as it
lives, also when whoever started it is gone, so that nobody starts a second one in the same folder.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from miqrec.experiments.studies.overview import Show, elsewhere, ended, started
from miqrec.experiments.studies.plan import PlannedRun, unfinished
from miqrec.system.environment import environment
from miqrec.system.locks import is_locked

PROGRAM = (sys.executable, "-m", "miqrec")
"""What is started; the words of a run's command follow."""

POLL = 0.5
"""Seconds between two looks at the processes."""

PATIENCE = 30.0
"""Seconds that a process gets to stop; one that is killed then goes on from its last whole epoch."""

STOP = signal.SIGINT if os.name == "posix" else signal.SIGTERM
"""What Ctrl-C sends; Windows can't send it to one process, which is ended there instead."""

Slot = dict[str, str]
"""A place for one run at a time: the environment variables that give it its share of the machine."""


class Job(NamedTuple):
    """A run and its process."""

    run: PlannedRun
    process: subprocess.Popen[bytes]


class Failure(NamedTuple):
    """A run that failed, and why."""

    run: PlannedRun
    reason: str


def make_slots(jobs: int | None = None) -> list[Slot]:
    """Divide the machine between runs: its GPUs in turn, and its cores evenly as threads.

    Args:
        jobs: how many run side by side; by default one on every GPU, which leaves a fast one idle
            half of the time (benchmarks/README.md), and on a CPU one for two cores. Both are
            guesses: where memory allows, one for each core may get more done.
    """
    gpus, cores = _gpus(), environment().cores
    if jobs is None:
        jobs = len(gpus) or max(1, cores // 2)
    threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, cores // jobs))
    slots = [{"OMP_NUM_THREADS": threads} for _ in range(jobs)]
    for number, slot in enumerate(slots):
        if gpus:
            slot["CUDA_VISIBLE_DEVICES"] = gpus[number % len(gpus)]
    return slots


def run_all(runs: Sequence[PlannedRun], slots: Sequence[Slot], show: Show) -> list[Failure]:
    """Do what is unfinished, in the order of `runs`, as many at a time as there are slots.

    A run that fails does not stop the others, but for those that start from it.

    Args:
        runs: what was planned, the finished ones too.
        slots: from `make_slots`.
        show: is told what runs, a few times a second.

    Returns:
        What failed; whoever waited for it is not among them.
    """
    waiting, jobs, failures = unfinished(runs), dict[int, Job](), list[Failure]()
    try:
        while waiting or jobs:
            for run, reason in _end(jobs):
                if reason and is_locked(run.folder):  # another process was faster
                    waiting.append(run)
                else:
                    failures += [Failure(run, reason)] if reason else []
                    ended(run, reason, runs, len(slots))
            waiting = _start(waiting, jobs, slots, failures)
            show([job.run for job in jobs.values()])
            time.sleep(POLL)
    finally:
        _stop([job.process for job in jobs.values()])
    return failures


def log_path(run: PlannedRun) -> Path:
    """Where a run's output goes: beside its folder."""
    return run.folder.with_name(f"{run.folder.name}.log")


def _gpus() -> list[str]:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.split(",") if visible else [str(n) for n in range(torch.cuda.device_count())]
    return names if torch.cuda.is_available() else []


def _end(jobs: dict[int, Job]) -> list[tuple[PlannedRun, str]]:
    """Take away the processes that have ended; returns their runs, and why they failed if they did."""
    done = [slot for slot, job in jobs.items() if job.process.poll() is not None]
    return [
        (run, _reason(process.returncode, log_path(run)))
        for run, process in (jobs.pop(slot) for slot in done)
    ]


def _start(
    waiting: list[PlannedRun],
    jobs: dict[int, Job],
    slots: Sequence[Slot],
    failures: Iterable[Failure],
) -> list[PlannedRun]:
    """Fill the free slots; returns who still waits."""
    lost = {failure.run.folder for failure in failures}
    free = [slot for slot in range(len(slots)) if slot not in jobs]
    still = []
    for run in waiting:
        if run.state == "finished" or run.after in lost:
            continue
        process = _process(run, slots[free[0]]) if free and run.is_ready else None
        if process:
            jobs[free.pop(0)] = Job(run, process)
            started(run)
        else:
            still.append(run)
    return still


def _process(run: PlannedRun, slot: Slot) -> subprocess.Popen[bytes] | None:
    """Start a run; None if somebody else's process is at work on it already."""
    if is_locked(run.folder):
        elsewhere(run.name)
        return None
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    with log_path(run).open("ab") as log:
        return subprocess.Popen(
            [*PROGRAM, *run.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | slot,
            start_new_session=True,  # Ctrl-C comes once and from us, not from the terminal too
        )


def _reason(code: int, log: Path) -> str:
    """Why a process failed, in a few words; empty if it did not."""
    if code == 0:
        return ""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("error: ") if lines else f"exit code {code}"


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all to stop, as Ctrl-C does, and kill who does not."""
    for process in processes:
        process.send_signal(STOP)
    for process in processes:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
