"""The tables of a report as data; `rendering` writes them down."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.evaluation.metrics import METRICS
from miqrec.experiments.formatting import (
    NOTHING,
    count,
    duration,
    memory,
    percent,
    probability,
    share,
    signed,
    with_deviation,
)
from miqrec.experiments.report.comparisons import Comparison
from miqrec.experiments.report.description import Description, TunedSettings
from miqrec.experiments.report.notes import question_notes, score_notes, timed_notes
from miqrec.experiments.report.results import Results
from miqrec.experiments.tuning.space import Dimension, Range
from miqrec.runs.settings import Setting
from miqrec.statistics import spread

MARKS = {"better": "*", "worse": "†", "unclear": ""}


class Cell(NamedTuple):
    """What stands in one place of a table."""

    text: str
    beside: str = ""  # set smaller: the paper's number, or the difference as a percentage
    mark: str = ""
    best: bool = False


class Table(NamedTuple):
    """Columns, rows and the notes below them; the first cell of a row is its head."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def results_table(results: Results, comparisons: Sequence[Comparison]) -> Table:
    """Make systems x metrics: mean and deviation over seeds, the paper's number, and significance."""
    best = {
        metric: max(_scores(results, system, metric).mean() for system in results.systems())
        for metric in METRICS
    }
    rows = []
    for system, label in results.study.labels.items():
        seeds = len(results.ranks.get(system, ()))
        cells = [
            _score(results, comparisons, system, metric, best[metric])
            if seeds
            else Cell(NOTHING, beside=_printed(results, system, metric))
            for metric in METRICS
        ]
        rows.append((Cell(label), Cell(str(seeds) if seeds else "not done"), *cells))
    notes = (*question_notes(results), *score_notes(results))
    return Table("Test scores", ("", "seeds", *METRICS), tuple(rows), notes)


def pairs_table(results: Results, comparisons: Sequence[Comparison]) -> Table:
    """Make pairs x what the tests say, a row for each tested metric."""
    labels = results.study.labels
    rows = tuple(
        (
            Cell(f"{labels[comparison.system]} against {labels[comparison.baseline]}"),
            Cell(comparison.metric),
            Cell(
                signed(comparison.difference),
                beside=percent(comparison.relative),
                mark=MARKS[comparison.verdict],
            ),
            Cell(f"{signed(comparison.low)} to {signed(comparison.high)}"),
            Cell(probability(comparison.p)),
            Cell(probability(comparison.corrected)),
            Cell(signed(comparison.effect, 3)),
            Cell(count(comparison.users_needed)),
            Cell(count(comparison.seeds_needed)),
        )
        for comparison in comparisons
    )
    columns = ("", "metric", "difference", "95 % interval", "p", "p (Holm)", "effect d")
    notes = (
        "The difference is that of the means over seeds and users, in brackets as a share of the "
        "baseline. The interval is a bootstrap over users and seeds with 10,000 draws; with a single "
        "seed it covers users alone. p is that of a two-sided sign-flip test over users, on values "
        "averaged over seeds, with 10,000 draws; Holm's correction is for all "
        f"{len(comparisons)} tests of the table. A p below .05 beside an interval that holds 0 means "
        "that other seeds may end otherwise. The effect is the mean over the standard deviation of the "
        "paired differences. The last columns say how many users, or seeds a system, it takes to see "
        "a difference of this size at .05 with power .8.",
    )
    return Table("Comparisons", (*columns, "users needed", "seeds needed"), rows, notes)


def cost_table(results: Results) -> Table:
    """Make systems x cost beside quality, on average over seeds."""
    rows = []
    for system in results.systems():
        runs, timed = (frame.filter(system=system) for frame in (results.runs, results.timed()))
        epochs = " ".join(str(epoch) for epoch in runs["epochs"].drop_nulls())
        rows.append(
            (
                Cell(results.study.labels[system]),
                Cell(with_deviation(*spread(_scores(results, system, "NDCG@10")))),
                Cell(count(int(runs["parameters"].max()))),  # type: ignore[arg-type]
                Cell(duration(_mean(timed["fit_seconds"]))),
                Cell(duration(_mean(runs["pretraining_seconds"]))),
                Cell(duration(_mean(timed["test_seconds"]))),
                Cell(memory(timed["peak_mib"].max())),  # type: ignore[arg-type]
                Cell(epochs or "none"),
            )
        )
    times = ("to fit", "to pre-train", "to test")
    columns = ("", "NDCG@10", "parameters", *times, "peak memory", "chosen epochs")
    notes = (
        "Times are means over seeds by the clock, on the machines below, where other work may have "
        "run too; early runs that were stopped and went on counted their last start alone. A "
        "pre-training serves all seeds. Peak memory is the largest of all seeds until the end of the "
        "fit: that of the GPU, or without one that of the whole process with libraries and data; "
        "early runs did not record it.",
        *timed_notes(results),
    )
    return Table("Cost beside quality", columns, tuple(rows), notes)


def tuning_table(study: Description, tuned: TunedSettings) -> Table:
    """Make settings x systems: what was searched on validation, and what was chosen."""
    rows = tuple(
        (
            Cell(name),
            Cell(_dimension(dimension)),
            *(Cell(_setting(tuned.chosen[system].get(name))) for system in study.labels),
        )
        for name, dimension in tuned.tuning.search.items()
    )
    notes = (
        f"Each search had {tuned.tuning.trials} trials, of which the one with the best validation "
        "NDCG@10 was taken. All other settings are the same for all systems, except for the sizes "
        "of a pre-training.",
    )
    return Table("Tuned on validation", ("", "searched", *study.labels.values()), rows, notes)


def _dimension(dimension: Dimension) -> str:
    if isinstance(dimension, Range):
        return f"{dimension.low:g} to {dimension.high:g}{', log' if dimension.log else ''}"
    return ", ".join(str(value) for value in dimension)


def _setting(value: Setting | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _score(
    results: Results, comparisons: Sequence[Comparison], system: str, metric: str, best: float
) -> Cell:
    scores = _scores(results, system, metric)
    return Cell(
        with_deviation(*spread(scores)),
        beside=_printed(results, system, metric),
        mark=_marks(comparisons, system, metric),
        best=len(results.ranks) > 1 and scores.mean() == best,
    )


def _scores(results: Results, system: str, metric: str) -> npt.NDArray[np.float64]:
    """Return (seeds,) the metric's mean over users."""
    scores: npt.NDArray[np.float64] = results.values(system, metric).mean(1)
    return scores


def _printed(results: Results, system: str, metric: str) -> str:
    number = results.study.paper.get(system, {}).get(metric)
    return "" if number is None else share(number)


def _mean(column: object) -> float | None:
    return column.mean()  # type: ignore[attr-defined, no-any-return]


def _marks(comparisons: Sequence[Comparison], system: str, metric: str) -> str:
    verdicts = {
        comparison.verdict
        for comparison in comparisons
        if (comparison.system, comparison.metric) == (system, metric)
    }
    return "".join(mark for verdict, mark in MARKS.items() if verdict in verdicts)
