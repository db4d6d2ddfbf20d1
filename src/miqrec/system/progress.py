"""Progress for a person who looks: on a terminal's standard error, or below a cell in Jupyter."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that pass before `track` shows a bar."""

console = Console(stderr=True)
"""Where messages go, so that standard output holds results alone."""


def bar() -> Progress:
    """Make a bar that vanishes when it is done, and that stays silent in files, pipes and tests.

    In Jupyter Rich draws it with ipywidgets, and asks for that package where it is missing.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not (console.is_terminal or console.is_jupyter),
    )


def track(parts: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yield the parts, and show a bar once they have taken longer than `PATIENCE`.

    Args:
        parts: What is worked through.
        description: What is being done, as in "ranking the test items".
        total: How many parts there are.
    """
    progress, began = bar(), time.monotonic()
    task = progress.add_task(description, total=total, note="")
    try:
        for part in parts:
            yield part
            progress.advance(task)
            if not progress.live.is_started and time.monotonic() - began > PATIENCE:
                progress.start()
    finally:
        progress.stop()
