"""`miqrec compare`: the test scores of finished runs, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.options import Json
from miqrec.cli.output import console, metrics_table, print_json
from miqrec.errors import MiqrecError

Runs = Annotated[
    list[Path], typer.Argument(help="Folders of runs; differences are from the first.")
]


def compare(runs: Runs, json: Json = False) -> None:
    """Show the test scores of runs on the same data, and their differences from the first run.

    Example: miqrec compare runs/sasrec runs/miq
    """
    from miqrec.evaluation.metrics import METRICS
    from miqrec.experiments.archive.read import read_run

    records = {folder: read_run(folder) for folder in runs}
    if len({record.config.fingerprint for record in records.values()}) > 1:
        raise MiqrecError("these runs are on different data, so their scores can't be compared")
    scores = {folder: record.metrics for folder, record in records.items()}
    if json:
        print_json({str(folder): metrics.model_dump() for folder, metrics in scores.items()})
        return
    first, names = scores[runs[0]], _names(runs)
    caption = f"{first.n_users:,} users; one run each, no error bars"
    table = metrics_table("test split", {names[0]: first.test}, caption)
    for name, folder in zip(names[1:], runs[1:], strict=True):
        test = scores[folder].test
        table.add_row(name, *(f"{test[metric]:.4f}" for metric in METRICS))
        changes = (f"{test[metric] - first.test[metric]:+.4f}" for metric in METRICS)
        table.add_row("  difference", *changes, style="bold")
    console.print(table)


def _names(folders: list[Path]) -> list[str]:
    """Return the ends of the paths, as long as it takes to tell them apart: many runs are called `seed-0`."""
    for n in range(1, max(len(folder.parts) for folder in folders) + 1):
        names = [str(Path(*folder.parts[-n:])) for folder in folders]
        if len(set(names)) == len(folders):
            return names
    return [str(folder) for folder in folders]
