"""What a comparison measured, and what its tables look up in it."""

from typing import Any, NamedTuple

from benchmarks.peers.jobs import Job
from benchmarks.peers.ratios import Spread, rate, ratios
from benchmarks.peers.state import Measured
from benchmarks.peers.works import Pair, Work

PRECISIONS = {"32-true": "float32", "bf16-mixed": "bfloat16"}
SQUARE = "square 2048"


class Report(NamedTuple):
    """Everything that the tables are made from."""

    works: dict[str, Work]
    rows: list[Measured]
    counts: dict[Job, dict[str, int]]
    machine: dict[str, Any]


def results(report: Report, name: str, label: str) -> dict[int, dict[str, Any]]:
    """Return what a side measured, by repetition."""
    return {
        row.repetition: row.result for row in report.rows if (row.work, row.label) == (name, label)
    }


def pair_ratio(report: Report, name: str, pair: Pair) -> Spread | None:
    """Divide one side's targets a second by the other's, repetition by repetition."""
    fast, slow = (
        {repetition: rate(result) for repetition, result in results(report, name, label).items()}
        for label in pair
    )
    return ratios(fast, slow)


def limits_of(report: Report) -> dict[int, dict[str, Any]]:
    """Return the machine's limits by repetition."""
    return {row.repetition: row.result for row in report.rows if row.work == "limits"}


def matrix_rate(report: Report, job: Job) -> dict[int, float]:
    """Return the rate of a square product in the job's precision, by repetition."""
    kind = PRECISIONS[job.precision]
    return {number: result["rates"][kind][SQUARE] for number, result in limits_of(report).items()}
