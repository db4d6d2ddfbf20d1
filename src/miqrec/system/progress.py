"""Progress on standard error, shown only for what takes longer than two seconds and only to a person."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds that pass before a bar is shown."""

console = Console(stderr=True)


def bar() -> Progress:
    """A bar on standard error; it is silent where nobody looks (no terminal)."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def track(parts: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yield the parts; show how far it is once it has taken longer than two seconds."""
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
