"""How far a study is: a live table on a terminal, and a line for all that starts or ends."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from rich import box
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from miqrec.experiments.studies.plan import PlannedRun, unfinished
from miqrec.system.progress import console
from miqrec.system.tables import read_frame
from miqrec.training.config import CHOSEN_BY

Show = Callable[[Sequence[PlannedRun]], None]
"""Shows what runs at the moment."""

REFRESH = 2.0
"""Seconds between two looks at the folders."""


class Progress(NamedTuple):
    """What a run's `history.csv` says; the scores are validation NDCG@10, a pre-training has none."""

    epoch: int
    seconds: float
    score: float | None = None
    best: float | None = None


def read_progress(folder: Path) -> Progress:
    """How far the run in `folder` is."""
    if not (folder / "history.csv").exists():
        return Progress(0, 0.0)
    history = read_frame(folder / "history.csv")
    progress = Progress(history.height, float(history["seconds"].sum()))
    if CHOSEN_BY in history.columns:
        scores = history[CHOSEN_BY].to_list()
        progress = progress._replace(score=scores[-1], best=max(scores))
    return progress


def seconds_left(runs: Sequence[PlannedRun], n_jobs: int) -> float | None:
    """When all will be done, if the others take as long as the finished runs of their system.

    Systems of which none is finished are taken for the mean of the others; None if no run is
    finished at all.
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
    """What runs, how far and how well, renewed in place; silent where nobody looks (no terminal)."""
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
    """A row for each that runs; above them how many are done and how long it may take."""
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
    """Say that a run has started, or goes on."""
    epoch = read_progress(run.folder).epoch
    _say(f"{run.name} goes on after epoch {epoch}" if epoch else f"{run.name} started")


@cache
def elsewhere(name: str) -> None:
    """Say, once, that another process is at work on a run; it is waited for."""
    _say(f"{name} is at work in another process already")


def ended(run: PlannedRun, reason: str, runs: Sequence[PlannedRun], n_jobs: int) -> None:
    """Say how a run has ended, and what is left to do."""
    if reason:
        _say(f"{run.name} failed: {reason}")
        return
    epoch, seconds, _, best = read_progress(run.folder)
    took = f" after {epoch} epochs in {duration(seconds)}" if epoch else ""
    score = "" if best is None else f", best validation {CHOSEN_BY} {best:.4f}"
    _say(f"{run.name} finished{took}{score}; {_summary(runs, n_jobs)}")


def duration(seconds: float) -> str:
    """As people say it: 42 s, 5 min, 2 h 10 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _summary(runs: Sequence[PlannedRun], n_jobs: int) -> str:
    n_left, left = len(unfinished(runs)), seconds_left(runs, n_jobs)
    time_left = f", about {duration(left)} left" if n_left and left is not None else ""
    return f"{len(runs) - n_left} of {len(runs)} runs done{time_left}"


def _say(text: str) -> None:
    console.print(escape(text), highlight=False, soft_wrap=True)


def _total_seconds(run: PlannedRun) -> float:
    if run.packed and run.packed.metrics:
        return run.packed.metrics.fit_seconds
    return _folder_seconds(run.folder)


@cache
def _folder_seconds(folder: Path) -> float:
    """Of a finished run, whose history changes no more."""
    return read_progress(folder).seconds
