"""The tables of a report, in the order in which they are read."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.peers.comparison_tables import RATIO_COLUMNS, SIDE_COLUMNS, pair_rows, side_rows
from benchmarks.peers.limit_tables import ADDED_COLUMNS, LIMIT_COLUMNS, added_rows, limit_rows
from benchmarks.peers.report import Report


class Table(NamedTuple):
    """A title, a heading and rows of cells."""

    title: str
    heading: list[str]
    rows: list[list[str]]


def tables(report: Report) -> Iterator[Table]:
    """Yield the tables that have rows: two a comparison, and those about the machine's limits."""
    for table in _all(report):
        if table.rows:
            yield table


def _all(report: Report) -> Iterator[Table]:
    for name, work in report.works.items():
        if work.pairs:
            yield Table(work.title, SIDE_COLUMNS, side_rows(report, name))
            yield Table(f"{work.title}: ratios", RATIO_COLUMNS, pair_rows(report, name))
    yield Table("What the m queries add", ADDED_COLUMNS, list(added_rows(report)))
    yield Table("The machine's limits", LIMIT_COLUMNS, list(limit_rows(report)))
