"""How far a study is: a live table on a terminal, and a line for each run that starts or ends."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from rich import box
from rich.live import Live
from rich.table import Table

from miqrec.experiments.formatting import duration
from miqrec.experiments.studies.plan import PlannedRun, unfinished
from miqrec.system.progress import console
from miqrec.system.tables import read_frame
from miqrec.training.config import CHOSEN_BY

Show = Callable[[Sequence[PlannedRun]], None]
"""Is called with the runs that are being done at the moment."""

REFRESH = 2.0
"""Seconds between two looks at the folders."""


class Progress(NamedTuple):
    """The last epoch in a run's `history.csv`, and validation NDCG@10; a pre-training has no scores."""

    epoch: int
    seconds: float
    score: float | None = None
    best: float | None = None


def read_progress(folder: Path) -> Progress:
    """Read how far the run in `folder` is."""
    if not (folder / "history.csv").exists():
        return Progress(0, 0.0)
    history = read_frame(folder / "history.csv")
    progress = Progress(history.height, float(history["seconds"].sum()))
    if CHOSEN_BY in history.columns:
        scores = history[CHOSEN_BY].to_list()
        progress = progress._replace(score=scores[-1], best=max(scores))
    return progress


def seconds_left(runs: Sequence[PlannedRun], n_jobs: int) -> float | None:
    """Estimate when all runs are done, if each takes as long as the finished ones of its system.

    A system without a finished run is expected to take the mean of all finished runs.

    Returns:
        None if no run is finished.
    """
    finished = [run for run in runs if run.state == "finished"]
    if not finished:
        return None
    left = 0.0
    for run in unfinished(runs):
        alike = [other for other in finished if other.system == run.system] or finished
        typical = fmean(_total_seconds(other) for other in alike)
        left += max(0.0, typical - read_progress(run.folder).seconds)
    return left / n_jobs


@contextmanager
def overview(runs: Sequence[PlannedRun], n_jobs: int) -> Iterator[Show]:
    """Show which runs are being done, how far and how well; without a terminal nothing is shown."""
    if not console.is_terminal:
        yield lambda running: None
        return
    renewed = 0.0
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(running: Sequence[PlannedRun]) -> None:
            nonlocal renewed
            if time.monotonic() - renewed > REFRESH:
                live.update(table(runs, running, n_jobs), refresh=True)
                renewed = time.monotonic()

        yield show


def table(runs: Sequence[PlannedRun], running: Sequence[PlannedRun], n_jobs: int) -> Table:
    """Make a row for each run that is being done, below how many are done and how long it may take."""
    shown = Table(
        *("running", "epoch", f"validation {CHOSEN_BY}", "best", "time"),
        title=_summary(runs, n_jobs),
        box=box.SIMPLE_HEAD,
    )
    for run in running:
        epoch, seconds, score, best = read_progress(run.folder)
        scores = ["" if value is None else f"{value:.4f}" for value in (score, best)]
        shown.add_row(run.name, f"{epoch} of {run.epochs}", *scores, duration(seconds))
    return shown


def started(run: PlannedRun) -> None:
    """Print that a run has started, or goes on."""
    epoch = read_progress(run.folder).epoch
    _say(f"{run.name} goes on after epoch {epoch}" if epoch else f"{run.name} started")


@cache
def waiting(name: str) -> None:
    """Print, once for each run, that another process is at work on it, which is waited for."""
    _say(f"{name} is at work in another process already")


def ended(run: PlannedRun, reason: str, runs: Sequence[PlannedRun], n_jobs: int) -> None:
    """Print how a run has ended, and what is left to do."""
    if reason:
        _say(f"{run.name} failed: {reason}")
        return
    epoch, seconds, _, best = read_progress(run.folder)
    took = f" after {epoch} epochs in {duration(seconds)}" if epoch else ""
    score = "" if best is None else f", best validation {CHOSEN_BY} {best:.4f}"
    _say(f"{run.name} finished{took}{score}; {_summary(runs, n_jobs)}")


def _summary(runs: Sequence[PlannedRun], n_jobs: int) -> str:
    n_left, left = len(unfinished(runs)), seconds_left(runs, n_jobs)
    time_left = f", about {duration(left)} left" if n_left and left is not None else ""
    return f"{len(runs) - n_left} of {len(runs)} runs done{time_left}"


def _say(text: str) -> None:
    console.print(text, soft_wrap=True)


def _total_seconds(run: PlannedRun) -> float:
    if run.packed and run.packed.metrics:
        return run.packed.metrics.fit_seconds
    return _folder_seconds(run.folder)


@cache
def _folder_seconds(folder: Path) -> float:
    """Sum up the epochs of a finished run, whose history does not change any more."""
    return read_progress(folder).seconds
