"""The tables of a benchmark as a page, as JSON and on the terminal."""

import json
from pathlib import Path
from typing import Any

from benchmarks.peers.report import Report
from benchmarks.peers.tables import Table, tables

READING = """\
**How to read the tables.** Seconds are those of an epoch of training without validation, or of a call that
makes all lists, after a warm-up. Targets a second are the epoch's targets (the call's users) divided by
these seconds, for all sides alike. A cell gives the median over repetitions (lowest .. highest), and a ratio
is taken within each repetition. Peak memory is that of the whole process; the column beside it is what comes
on top of the libraries and the data (for lists by RecTools it includes the training steps that its `fit`
needs). A share of the matrix rate counts the operations that the result needs, see `peers/operations.py`,
against a square product in the same precision.

**What differs between the sides.** RecTools' catalogue has the items seen in training only. Peers use their
dropout on attention too, and their processes are not prepared. A "helped" peer has no dropout on attention,
and its process is prepared as miqrec prepares its own: threads sleep soon while they wait, and freed memory
is used again. `FlatSASRecNet` has feed-forward layers of four times the model's width with GELU, where all
others have the model's width and ReLU; the "narrow" one has the latter. Its plain loop scores all positions,
padding among them, as its `forward` does; helped, it scores only those that have a target, as miqrec does.
Float32 products of miqrec and of the machine's limits go by oneDNN where MKL holds back
(`miqrec/system/matmul.py`)."""


DETAILS = {"dropout, on attention", "items", "validation or evaluation", "above start", "note"}
"""Columns of the page for which a terminal has no room."""


def markdown(report: Report) -> str:
    """Write the report as a page."""
    about = report.machine
    lines = [
        "# Benchmarks",
        "",
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, "
        f"{about['date']}, commit {about['commit']}: `{about['command']}`",
        "",
        f"Repetitions: {repetitions(report)}; threads a process: "
        f"{threads(report)}; the machine's load at the end of a measurement: "
        f"{min(row.result['load'] for row in report.rows):.1f} to "
        f"{max(row.result['load'] for row in report.rows):.1f}.",
        "",
        *versions(report),
        "",
        READING,
    ]
    for table in tables(report):
        lines += ["", f"## {table.title}", "", *pipes(table)]
    return "\n".join(lines) + "\n"


def repetitions(report: Report) -> str:
    """Write how often the comparisons were measured: one number for all, or one for each."""
    often: dict[str, int] = {}
    for row in report.rows:
        often[row.work] = max(often.get(row.work, 0), row.repetition + 1)
    if len(set(often.values())) == 1:
        return str(next(iter(often.values())))
    return ", ".join(f"{work} {number}" for work, number in often.items())


def threads(report: Report) -> str:
    """Write how many threads each process had."""
    return ", ".join(map(str, sorted({row.result["threads"] for row in report.rows})))


def versions(report: Report) -> list[str]:
    """Write a line a side: the versions that it ran with."""
    sides = {row.job.side: row.result["versions"] for row in report.rows}
    return [
        f"- {side}: {', '.join(f'{name} {version}' for name, version in sides[side].items())}"
        for side in sorted(sides)
    ]


def pipes(table: Table) -> list[str]:
    """Write a table in Markdown."""
    rows = [table.heading, ["---"] * len(table.heading), *table.rows]
    return ["| " + " | ".join(row) + " |" for row in rows]


def write(report: Report, folder: Path) -> None:
    """Write `peers.md` and `peers.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [row._asdict() | {"job": vars(row.job)} for row in report.rows]
    content = {"machine": report.machine, "measurements": rows}
    (folder / "peers.json").write_text(json.dumps(content, indent=1) + "\n")
    (folder / "peers.md").write_text(markdown(report))


def show(report: Report) -> None:
    """Print the tables."""
    from rich.console import Console
    from rich.table import Table as RichTable

    for table in tables(report):
        columns = [column for column, name in enumerate(table.heading) if name not in DETAILS]
        shown = RichTable(*(table.heading[column] for column in columns), title=table.title)
        for row in table.rows:
            shown.add_row(*(row[column] for column in columns))
        Console().print(shown)
