"""`miqrec report`: tables, tests and figures of a study's runs."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.options import CACHE, DataDir, Json
from miqrec.cli.output import print_json
from miqrec.system.progress import console as messages

Runs = Annotated[
    Path,
    typer.Argument(help="A study's folder, a folder of several studies, or any folder of runs."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="A .html, .md or .tex file, or a folder for all three and the figures."),
]
Baseline = Annotated[
    str | None,
    typer.Option(help="Compare all systems with this one instead of the study's pairs."),
]


def report(
    runs: Runs,
    out: Out = None,
    baseline: Baseline = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Test which differences between systems can be told from luck, and write it up.

    Example: miqrec report runs/table3-lastfm --out report.html
    """
    from miqrec.experiments.report.sections import read_report
    from miqrec.experiments.report.writing import check_ending, to_json, to_markdown, write_report

    check_ending(out)
    sections = read_report(runs, baseline, data_dir, CACHE)
    if out:
        write_report(sections, out)
        messages.print(f"written: {out}", soft_wrap=True)
    if json:
        print_json(to_json(sections))
    elif not out:
        print(to_markdown(sections), end="")
