"""What commands print on standard output: tables for people, or JSON for machines."""

import json
import math
import os
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Column, Table

from miqrec.errors import MiqrecError
from miqrec.experiments.formatting import NOTHING
from miqrec.system.terminal import PlainConsole, visible

console = PlainConsole()


def check_folder(out: Path | None) -> None:
    """Say so before the work is done if the folder for what comes of it can't be made or written to.

    Raises:
        MiqrecError: a file stands in its place, or a right is missing.
    """
    if out is None:
        return
    there = next(place for place in (out, *out.parents) if place.exists())
    if not there.is_dir():
        raise MiqrecError(f"{there} is a file, and --out names a folder; choose another name")
    if not os.access(there, os.W_OK):
        raise MiqrecError(f"you may not write to {there}; choose another folder for --out")


def print_json(content: Any) -> None:
    """Print a JSON document on standard output, whatever its encoding has no character for as a code.

    JSON has no NaN and no infinity: null stands for them.
    """
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(_finite(content), indent=2, ensure_ascii=not is_unicode, default=str)
    print(visible(text))


def cell(value: object) -> str:
    """Write a value for a table; a number that is undefined is a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOTHING
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def compact_table(*columns: str, title: str | None = None, caption: str | None = None) -> Table:
    """Make a table with a line below its head and no others; long text is folded."""
    return Table(
        *(Column(name, overflow="fold") for name in columns),
        title=title,
        caption=caption,
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )


def metrics_table(title: str, rows: dict[str, dict[str, float]], caption: str = "") -> Table:
    """Make a table of all metrics with a row for each name."""
    from miqrec.evaluation.metrics import METRICS  # brings PyTorch

    table = compact_table("", title=title, caption=caption)
    for metric in METRICS:
        table.add_column(metric, justify="right")
    for name, metrics in rows.items():
        table.add_row(name, *(f"{metrics[metric]:.4f}" for metric in METRICS))
    return table


def _finite(content: Any) -> Any:
    """Put None in the place of numbers that JSON doesn't have."""
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
