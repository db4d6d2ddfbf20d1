"""What commands print on standard output: tables for people, or JSON for machines."""

import json
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Column, Table

from miqrec.errors import MiqrecError
from miqrec.system.terminal import PlainConsole, visible

console = PlainConsole()


def check_folder(out: Path | None) -> None:
    """Say so before the work is done if there is no folder for what comes of it.

    Raises:
        MiqrecError: the folder doesn't exist.
    """
    if out and not out.is_dir():
        raise MiqrecError(f"the folder {out} does not exist; make it first")


def print_json(content: Any) -> None:
    """Print a JSON document on standard output, whatever its encoding has no character for as a code."""
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    print(visible(json.dumps(content, indent=2, ensure_ascii=not is_unicode, default=str)))


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
