"""The tables about the machine's limits: its rates, and what more queries add measured by them."""

from collections.abc import Iterator
from statistics import median

from benchmarks.peers.jobs import Job
from benchmarks.peers.operations import layer_operations
from benchmarks.peers.ratios import Spread, ratios, show, spread
from benchmarks.peers.report import PRECISIONS, SQUARE, Report, limits_of, pair_ratio, results
from benchmarks.peers.works import Pair

ADDED_COLUMNS = [
    *("model", "precision", "time, of SASRec's"),
    "added time, of the added operations' at the rate of a square product",
    "the same, at the rates of their own shapes",
]
LIMIT_COLUMNS = ["", "float32", "bfloat16"]


def added_rows(report: Report, name: str = "train-ml-1m") -> Iterator[list[str]]:
    """Yield a row for each MIQ-SASRec: the time that its queries add, by what their operations need."""
    sides = report.works[name].sides if name in report.works else {}
    for label, job in sides.items():
        plain = one_query(sides, job)
        if job.window > 1 and plain:
            times = pair_ratio(report, name, Pair(plain, label))
            added = [added_ratio(report, name, plain, label, own) for own in (False, True)]
            if times and all(added):
                yield [label, PRECISIONS[job.precision], *map(show, (times, *added))]


def one_query(sides: dict[str, Job], job: Job) -> str | None:
    """Return the label of miqrec's side that differs from a job in having one query alone."""
    for label, other in sides.items():
        same = other.side == job.side == "ours" and other.precision == job.precision
        if same and other.window == 1:
            return label
    return None


def added_ratio(
    report: Report, name: str, plain: str, label: str, own_shapes: bool
) -> Spread | None:
    """Divide the seconds that more queries add by those that their products need."""
    sides = report.works[name].sides
    few, many = results(report, name, plain), results(report, name, label)
    rates = {number: result["rates"] for number, result in limits_of(report).items()}
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
    """Return the seconds that the layers' products take at the rates of a square or of their own shapes."""
    rate_of = rates[PRECISIONS[job.precision]]
    operations = layer_operations(job, report.counts[job])
    return sum(
        number / rate_of[shape if own_shapes else SQUARE] for shape, number in operations.items()
    )


def limit_rows(report: Report) -> Iterator[list[str]]:
    """Yield a row for each shape of a product, and one for copies."""
    measured = [result["rates"] for result in limits_of(report).values()]
    if not measured:
        return
    for shape in measured[0]["float32"]:
        rates = [
            spread([result[kind][shape] / 1e9 for result in measured])
            for kind in PRECISIONS.values()
        ]
        yield [f"{shape}, GFLOP/s", *(show(each, digits=0) for each in rates)]
    yield ["copy, GB/s", show(spread([result["copy"] / 1e9 for result in measured])), ""]
