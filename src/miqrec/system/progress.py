"""Progress for a person who looks: on a terminal's standard error, or below a cell in Jupyter."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from miqrec.system.terminal import PlainConsole

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that pass before `track` shows a bar."""

console = PlainConsole(stderr=True)
"""Where messages go, so that standard output holds results alone."""


def print_error(sentence: str) -> None:
    """Print what went wrong and what to do, on standard error."""
    console.print(Text("error:", "bold red"), sentence, soft_wrap=True)


def bar() -> Progress:
    """Make a bar that vanishes when it is done, and that stays silent in files, pipes and tests.

    In Jupyter Rich draws it with ipywidgets, and asks for that package where it is missing.
    """
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
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
