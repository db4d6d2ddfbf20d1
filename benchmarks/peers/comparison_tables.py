"""The tables of one comparison: what each side measured, and the ratios of pairs."""

from statistics import median
from typing import Any

from benchmarks.peers.jobs import Job
from benchmarks.peers.operations import epoch_operations
from benchmarks.peers.ratios import rate, show, spread
from benchmarks.peers.report import PRECISIONS, Report, matrix_rate, pair_ratio, results

SIDE_COLUMNS = [
    *("side", "precision", "dropout, on attention", "items", "seconds", "targets/s"),
    *("validation or evaluation", "peak MiB", "above start", "share of the matrix rate", "note"),
]
RATIO_COLUMNS = ["this", "is so many times as fast as", "this"]


def side_rows(report: Report, name: str) -> list[list[str]]:
    """Return a row a side: how long an epoch (or a call) takes, and how much memory."""
    rows = []
    for label, job in report.works[name].sides.items():
        measured = list(results(report, name, label).values())
        if measured:
            rows.append([label, *side_cells(report, job, measured)])
    return rows


def side_cells(report: Report, job: Job, measured: list[dict[str, Any]]) -> list[str]:
    """Return a side's cells, from what it measured in each repetition."""
    first = measured[0]
    other = first.get("evaluation_seconds") or validation(first)
    return [
        PRECISIONS[first["precision"]],
        f"{first['dropout']:g}, {first['attention_dropout']:g}" if job.work == "train" else "none",
        f"{first['items']:,}",
        show(spread([median(result["seconds"]) for result in measured])),
        show(spread([rate(result) for result in measured]), digits=0),
        f"{median(other):.2f} s" if other else "none",
        f"{max(result['peak_mib'] for result in measured):,.0f}",
        f"{max(result['above_start_mib'] for result in measured):,.0f}",
        share(report, job, measured),
        first.get("note", ""),
    ]


def validation(result: dict[str, Any]) -> list[float]:
    """Return the seconds that validation adds to an epoch of miqrec."""
    whole = result.get("with_validation", [])
    return [both - alone for both, alone in zip(whole, result["seconds"], strict=False)]


def share(report: Report, job: Job, measured: list[dict[str, Any]]) -> str:
    """Write the rate at which an epoch's needed operations are done as a share of the machine's."""
    rates = matrix_rate(report, job)
    if job.work != "train" or not rates or job.side == "recbole":
        return ""
    needed = epoch_operations(job, report.counts[job], measured[0]["items"])
    seconds = median([median(result["seconds"]) for result in measured])
    return f"{needed / seconds / median(rates.values()):.1%}"


def pair_rows(report: Report, name: str) -> list[list[str]]:
    """Return a row a pair: how many times as fast, with the spread over repetitions."""
    return [
        [pair.fast, show(quotient), pair.slow]
        for pair in report.works[name].pairs
        if (quotient := pair_ratio(report, name, pair))
    ]
