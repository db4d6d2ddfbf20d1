"""`miqrec compare`: the test scores of finished runs, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.options import Json
from miqrec.cli.output import METRICS, console, metrics_table, print_json
from miqrec.errors import MiqrecError
from miqrec.runs import read_metrics, read_run_config

Runs = Annotated[list[Path], typer.Argument(help="Run folders; differences are to the first.")]


def compare(runs: Runs, json: Json = False) -> None:
    """Show the test scores of runs on the same data, and how each differs from the first.

    Example: miqrec compare runs/sasrec runs/miq
    """
    if len({read_run_config(folder).fingerprint for folder in runs}) > 1:
        raise MiqrecError("these runs are on different data, so their scores can't be compared")
    scores = {folder: read_metrics(folder) for folder in runs}
    if json:
        print_json({str(folder): metrics.model_dump() for folder, metrics in scores.items()})
        return
    first = scores[runs[0]]
    caption = f"{first.n_users:,} users; one run each, no error bars"
    table = metrics_table("test split", {runs[0].name: first.test}, caption)
    for folder in runs[1:]:
        test = scores[folder].test
        table.add_row(folder.name, *(f"{test[metric]:.4f}" for metric in METRICS))
        changes = (f"{test[metric] - first.test[metric]:+.4f}" for metric in METRICS)
        table.add_row("  difference", *changes, style="bold")
    console.print(table)
