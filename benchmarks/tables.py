"""The tables of a benchmark: sides, ratios, what more queries add, and the machine's limits."""

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from benchmarks.jobs import Job
from benchmarks.operations import epoch_operations, layer_operations
from benchmarks.ratios import Spread, rate, ratios, spread
from benchmarks.state import Measured
from benchmarks.works import Pair, Work

SQUARE = "square 2048"
PRECISIONS = {"32-true": "float32", "bf16-mixed": "bfloat16"}


class Report(NamedTuple):
    """All that the tables are made from."""

    works: dict[str, Work]
    rows: list[Measured]
    counts: dict[Job, dict[str, int]]
    machine: dict[str, Any]


class Table(NamedTuple):
    """A title, a heading and rows of cells."""

    title: str
    heading: list[str]
    rows: list[list[str]]


def tables(report: Report) -> Iterator[Table]:
    """The tables, in the order in which they are read."""
    for name, work in report.works.items():
        if work.pairs:
            yield Table(work.title, SIDES, side_rows(report, name))
            yield Table(f"{work.title}: ratios", RATIOS, pair_rows(report, name))
    if added := list(added_rows(report)):
        yield Table("What the m queries add", ADDED, added)
    if limits := list(limit_rows(report)):
        yield Table("The machine's limits", LIMITS, limits)


SIDES = [
    *(
        "side",
        "precision",
        "dropout, on attention",
        "items",
        "seconds",
        "targets/s",
        "validation or evaluation",
        "peak MiB",
    ),
    *("above start", "share of the matrix rate", "note"),
]
RATIOS = ["this", "is so many times as fast as", "this"]
ADDED = [
    *("model", "precision", "time, of SASRec's"),
    "added time, of the added operations' at the rate of a square product",
    "the same, at the rates of their own shapes",
]
LIMITS = ["", "float32", "bfloat16"]


def side_rows(report: Report, name: str) -> list[list[str]]:
    """A row a side: how long an epoch (or a call) takes, and how much memory."""
    rows = []
    for label, job in report.works[name].sides.items():
        found = results(report, name, label)
        if found:
            rows.append([label, *side_cells(report, job, list(found.values()))])
    return rows


def side_cells(report: Report, job: Job, found: list[dict[str, Any]]) -> list[str]:
    first = found[0]
    other = first.get("evaluation_seconds") or validation(first)
    return [
        PRECISIONS[first["precision"]],
        f"{first['dropout']:g}, {first['attention_dropout']:g}" if job.work == "train" else "none",
        f"{first['items']:,}",
        show_spread(spread([median(one["seconds"]) for one in found])),
        show_spread(spread([rate(one) for one in found]), digits=0),
        f"{median(other):.2f} s" if other else "none",
        f"{max(one['peak_mib'] for one in found):,.0f}",
        f"{max(one['above_start_mib'] for one in found):,.0f}",
        share(report, job, found),
        first.get("note", ""),
    ]


def validation(result: dict[str, Any]) -> list[float]:
    """Seconds that validation adds to an epoch of ours."""
    whole = result.get("with_validation", [])
    return [both - alone for both, alone in zip(whole, result["seconds"], strict=False)]


def share(report: Report, job: Job, found: list[dict[str, Any]]) -> str:
    """The operations that an epoch needs, by its time, as a share of the machine's best rate."""
    rates = matrix_rate(report, job)
    if job.work != "train" or not rates or job.side == "recbole":
        return ""
    needed = epoch_operations(job, report.counts[job], found[0]["items"])
    seconds = median([median(one["seconds"]) for one in found])
    return f"{needed / seconds / median(rates.values()):.1%}"


def pair_rows(report: Report, name: str) -> list[list[str]]:
    """A row a pair: how many times as fast, with the spread over repetitions."""
    return [
        [pair.fast, show_spread(quotient), pair.slow]
        for pair in report.works[name].pairs
        if (quotient := pair_ratio(report, name, pair))
    ]


def pair_ratio(report: Report, name: str, pair: Pair) -> Spread | None:
    """Targets a second of one side by those of another, repetition by repetition."""
    fast, slow = (
        {repetition: rate(one) for repetition, one in results(report, name, label).items()}
        for label in pair
    )
    return ratios(fast, slow)


def added_rows(report: Report, name: str = "train-ml-1m") -> Iterator[list[str]]:
    """The time that MIQ-Attn adds, by the time that its added operations need at the machine's rate."""
    if name not in report.works:
        return
    sides = report.works[name].sides
    for label, job in sides.items():
        plain = next(
            (one for one in sides if sides[one].window == 1 and same_but_window(sides[one], job)),
            None,
        )
        if job.window > 1 and plain:
            times = pair_ratio(report, name, Pair(plain, label))
            added = [added_ratio(report, name, plain, label, own) for own in (False, True)]
            if times and all(added):
                yield [label, PRECISIONS[job.precision], *map(show_spread, (times, *added))]


def same_but_window(one: Job, other: Job) -> bool:
    """Whether two jobs of ours differ by their attention alone."""
    return one.side == other.side == "ours" and one.precision == other.precision


def added_ratio(
    report: Report, name: str, plain: str, label: str, own_shapes: bool
) -> Spread | None:
    """The seconds that more queries add, by those that their products need."""
    sides = report.works[name].sides
    few, many = results(report, name, plain), results(report, name, label)
    rates = {number: one["rates"] for number, one in limits_of(report).items()}
    both = few.keys() & many.keys() & rates.keys()
    taken = {
        number: median(many[number]["seconds"]) - median(few[number]["seconds"]) for number in both
    }
    needed = {
        number: product_seconds(report, sides[label], rates[number], own_shapes)
        - product_seconds(report, sides[plain], rates[number], own_shapes)
        for number in both
    }
    return ratios(taken, needed)


def product_seconds(
    report: Report, job: Job, rates: dict[str, dict[str, float]], own_shapes: bool
) -> float:
    """The seconds that the layers' products take at measured rates, of a square or of each its own."""
    rate_of = rates[PRECISIONS[job.precision]]
    operations = layer_operations(job, report.counts[job])
    return sum(
        number / rate_of[shape if own_shapes else SQUARE] for shape, number in operations.items()
    )


def limit_rows(report: Report) -> Iterator[list[str]]:
    """A row a shape of a product, and one for copies."""
    found = [one["rates"] for one in limits_of(report).values()]
    if not found:
        return
    for shape in found[0]["float32"]:
        rates = [spread([one[kind][shape] / 1e9 for one in found]) for kind in PRECISIONS.values()]
        yield [f"{shape}, GFLOP/s", *(show_spread(each, digits=0) for each in rates)]
    yield ["copy, GB/s", show_spread(spread([one["copy"] / 1e9 for one in found])), ""]


def limits_of(report: Report) -> dict[int, dict[str, Any]]:
    """The machine's limits by repetition."""
    return {row.repetition: row.result for row in report.rows if row.work == "limits"}


def matrix_rate(report: Report, job: Job) -> dict[int, float]:
    """The machine's best rate in the job's precision, by repetition."""
    kind = PRECISIONS[job.precision]
    return {number: one["rates"][kind][SQUARE] for number, one in limits_of(report).items()}


def results(report: Report, name: str, label: str) -> dict[int, dict[str, Any]]:
    """What a side measured, by repetition."""
    return {
        row.repetition: row.result for row in report.rows if (row.work, row.label) == (name, label)
    }


def show_spread(values: Spread, digits: int = 2) -> str:
    """The median, and the lowest and highest where they differ."""
    middle, lowest, highest = (f"{value:,.{digits}f}" for value in values)
    return middle if lowest == highest else f"{middle} ({lowest} .. {highest})"
