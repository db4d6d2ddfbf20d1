"""Planned runs as processes of their own, several side by side; whatever is killed, nothing is lost.

The output of a run goes to a log beside its folder. The process of a run holds the lock of the folder as
long as it lives, even if the process that started it is gone, so that no second one works in the folder.
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

from miqrec.experiments.studies.overview import Show, ended, started, waiting
from miqrec.experiments.studies.plan import PlannedRun, unfinished
from miqrec.system.environment import environment
from miqrec.system.locks import is_locked

PROGRAM = (sys.executable, "-m", "miqrec")
"""The program that is started with the words of a run's command."""

POLL = 0.5
"""Seconds between two looks at the processes."""

PATIENCE = 30.0
"""Seconds that a process has to stop before it is killed, and goes on later from its last whole epoch."""

STOP = signal.SIGINT if os.name == "posix" else signal.SIGTERM
"""The signal of Ctrl-C; Windows can't send it to a single process, so that the process is ended there."""

Slot = dict[str, str]
"""A run's share of the machine, as environment variables; a slot has one run at a time."""


class Job(NamedTuple):
    """A run and the process that does it."""

    run: PlannedRun
    process: subprocess.Popen[bytes]


class Failure(NamedTuple):
    """A run that failed, and why."""

    run: PlannedRun
    reason: str


def make_slots(jobs: int | None = None) -> list[Slot]:
    """Divide the machine between runs: each gets one of its GPUs in turn, and as many threads.

    Args:
        jobs: how many runs are done side by side. By default there is one for each GPU, which leaves a
            fast GPU idle half of the time (benchmarks/README.md), and on a CPU one for two cores. Both
            are guesses: where there is enough memory, one for each core may get more done.
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
    """Do the unfinished runs in their order, as many at a time as there are slots.

    A run that fails stops only those that start from it.

    Args:
        runs: all planned runs, the finished ones too.
        slots: from `make_slots`.
        show: is called a few times a second with the runs that are being done.

    Returns:
        the runs that failed, without those that would have started from them.
    """
    left, jobs, failures = unfinished(runs), dict[int, Job](), list[Failure]()
    try:
        while left or jobs:
            for run, reason in _end(jobs):
                if reason and is_locked(run.folder):  # another process was faster
                    left.append(run)
                else:
                    failures += [Failure(run, reason)] if reason else []
                    ended(run, reason, runs, len(slots))
            left = _start(left, jobs, slots, failures)
            show([job.run for job in jobs.values()])
            time.sleep(POLL)
    finally:
        _stop([job.process for job in jobs.values()])
    return failures


def log_path(run: PlannedRun) -> Path:
    """Name the file beside a run's folder that its output goes to."""
    return run.folder.with_name(f"{run.folder.name}.log")


def _gpus() -> list[str]:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = visible.split(",") if visible else [str(n) for n in range(torch.cuda.device_count())]
    return names if torch.cuda.is_available() else []


def _end(jobs: dict[int, Job]) -> list[tuple[PlannedRun, str]]:
    """Remove the jobs that have ended, and return their runs with the reason if they failed."""
    done = [slot for slot, job in jobs.items() if job.process.poll() is not None]
    return [
        (run, _reason(process.returncode, log_path(run)))
        for run, process in (jobs.pop(slot) for slot in done)
    ]


def _start(
    left: list[PlannedRun],
    jobs: dict[int, Job],
    slots: Sequence[Slot],
    failures: Iterable[Failure],
) -> list[PlannedRun]:
    """Fill the free slots, and return the runs that are still left."""
    failed = {failure.run.folder for failure in failures}
    free = [slot for slot in range(len(slots)) if slot not in jobs]
    still = []
    for run in left:
        if run.state == "finished" or run.after in failed:
            continue
        process = _process(run, slots[free[0]]) if free and run.is_ready else None
        if process:
            jobs[free.pop(0)] = Job(run, process)
            started(run)
        else:
            still.append(run)
    return still


def _process(run: PlannedRun, slot: Slot) -> subprocess.Popen[bytes] | None:
    """Start a run; None if another process is at work on it already."""
    if is_locked(run.folder):
        waiting(run.name)
        return None
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    with log_path(run).open("ab") as log:
        return subprocess.Popen(
            [*PROGRAM, *run.command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | slot,
            start_new_session=True,  # a Ctrl-C on the terminal reaches this process alone
        )


def _reason(code: int, log: Path) -> str:
    """Say in a few words why a process failed; nothing if it did not."""
    if code == 0:
        return ""
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1].removeprefix("error: ") if lines else f"exit code {code}"


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all processes to stop, as Ctrl-C does, and kill those that don't."""
    for process in processes:
        process.send_signal(STOP)
    for process in processes:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
