"""`miqrec uncertainty`: how sure lists are, whether that is true, and how long they must be."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.cli.groups import with_groups
from miqrec.cli.options import Json, Mix, Source
from miqrec.cli.output import cell, check_folder, compact_table, console, print_json
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    import polars as pl

Folders = Annotated[
    list[Path],
    typer.Argument(
        help="Runs, saved models or a folder of runs: the seeds of one system, each with rows of its own."
    ),
]
Length = Annotated[int, typer.Option("--k", "-k", min=1, help="How long the lists are.")]
Coverage = Annotated[
    float,
    typer.Option(min=0.01, max=0.99, help="How likely conformal lists are to hold the next item."),
]
Draws = Annotated[
    int, typer.Option(min=1, help="How many random items show which lists are unstable.")
]
Out = Annotated[Path | None, typer.Option(help="A folder for the tables and the figure.")]

CAPTIONS = {
    "signals": "AUROC: how likely a list that hits is surer than one that misses; AURC: misses (HR) or lost "
    "gain (NDCG) among the surest lists, lower is better; instability: rank correlation with how far a list "
    "moves at a random item; none: a signal that says nothing.",
    "calibration": "said: how likely lists of {k} are to hold the next item, by the model; hit: how often "
    "they do; ECE: the mean difference, in ten bins; before: as the model is saved; after: with the "
    "temperature that validation chose.",
    "lists": "A list holds all items that fit as well as the threshold asks, which validation chose for a "
    "coverage of {coverage:g}; nonconformity: how badly an item fits; mean, median, longest: of the lengths.",
}
"""What is said below each table."""


@with_groups
def uncertainty(
    folders: Folders,
    *,
    source: Source,
    k: Length = 10,
    mix: Mix = None,
    coverage: Coverage = 0.9,
    draws: Draws = 3,
    out: Out = None,
    json: Json = False,
) -> None:
    """Measure on test how sure lists are, with a temperature and lengths of lists that validation chooses.

    Several seeds of one system make an ensemble, whose disagreement stands beside the signals of one pass.

    Example: miqrec uncertainty runs/seed-0 runs/seed-1 --data lastfm --out results/uncertainty
    """
    from miqrec.cli.saved import find_runs, load_with_data
    from miqrec.experiments.uncertainty import TABLES, judge_system, write_judged

    check_folder(out)
    systems = [load_with_data(folder, source) for folder in find_runs(folders)]
    judged = judge_system(systems, k=k, mix=mix, coverage=coverage, draws=draws)
    if out:
        write_judged(judged, out, k)
        files = ", ".join(f"{name}.csv" for name in TABLES)
        messages.print(f"written: {files} and uncertainty.svg in {out}", soft_wrap=True)
    if json:
        print_json({name: getattr(judged, name).to_dicts() for name in TABLES})
    elif not out:
        for name in TABLES:
            _show(name, getattr(judged, name))
            console.print(CAPTIONS[name].format(k=k, coverage=coverage) + "\n")


def _show(title: str, frame: "pl.DataFrame") -> None:
    table = compact_table(*frame.columns, title=title)
    for row in frame.iter_rows():
        table.add_row(*map(cell, row))
    console.print(table)
