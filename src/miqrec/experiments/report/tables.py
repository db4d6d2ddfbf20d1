"""The tables of a report as data: how they are written down is `rendering`'s business."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.evaluation.metrics import METRICS
from miqrec.experiments.report.comparisons import TESTED, Comparison
from miqrec.experiments.report.contents import Outline, Searched
from miqrec.experiments.report.formatting import (
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
from miqrec.experiments.report.results import Results
from miqrec.experiments.tuning.space import Dimension, Range
from miqrec.runs.settings import Setting
from miqrec.statistics import spread

MARKS = {"better": "*", "worse": "†", "unclear": ""}


class Cell(NamedTuple):
    """What stands in a place of a table."""

    text: str
    beside: str = ""  # set smaller: the paper's number
    mark: str = ""
    best: bool = False


class Table(NamedTuple):
    """Columns, rows and what is to be said below them; the first cell of a row is its head."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def results_table(results: Results, comparisons: Sequence[Comparison]) -> Table:
    """Systems x metrics: mean and deviation over seeds, the paper's number, and what is significant."""
    best = {
        metric: max(_scores(results, system, metric).mean() for system in results.systems())
        for metric in METRICS
    }
    rows = []
    for system, label in results.outline.labels.items():
        seeds = len(results.ranks.get(system, ()))
        cells = [
            _score(results, comparisons, system, metric, best[metric])
            if seeds
            else Cell(NOTHING, beside=_printed(results, system, metric))
            for metric in METRICS
        ]
        rows.append((Cell(label), Cell(str(seeds) if seeds else "not done"), *cells))
    notes = _result_notes(results)
    return Table("Test scores", ("", "seeds", *METRICS), tuple(rows), notes)


def pairs_table(results: Results, comparisons: Sequence[Comparison]) -> Table:
    """What the tests say of each pair in each metric."""
    labels = results.outline.labels
    rows = tuple(
        (
            Cell(f"{labels[found.system]} against {labels[found.baseline]}"),
            Cell(found.metric),
            Cell(
                signed(found.difference), beside=percent(found.relative), mark=MARKS[found.verdict]
            ),
            Cell(f"{signed(found.low)} to {signed(found.high)}"),
            Cell(probability(found.p)),
            Cell(probability(found.corrected)),
            Cell(signed(found.effect, 3)),
            Cell(count(found.users_needed)),
            Cell(count(found.seeds_needed)),
        )
        for found in comparisons
    )
    columns = ("", "metric", "difference", "95 % interval", "p", "p (Holm)", "effect d")
    notes = (
        "Difference of means over seeds and users, in brackets as a share of the baseline. "
        "Interval: bootstrap of users and seeds, 10,000 draws. "
        "p: sign-flip test over users on seed-averaged values, two-sided, 10,000 draws; Holm's "
        f"correction is for all {len(comparisons)} tests of the table. "
        "Effect: mean over standard deviation of the paired differences. Users and seeds (a "
        "system) needed to see a difference of this size at .05 with power .8. With a single seed "
        "the interval speaks of users alone, and of seeds nothing can be said.",
    )
    return Table("Comparisons", (*columns, "users needed", "seeds needed"), rows, notes)


def cost_table(results: Results) -> Table:
    """What each system costs beside its quality, on average over seeds."""
    rows = []
    for system in results.systems():
        runs, timed = (frame.filter(system=system) for frame in (results.runs, results.timed()))
        epochs = " ".join(str(epoch) for epoch in runs["epochs"].drop_nulls())
        rows.append(
            (
                Cell(results.outline.labels[system]),
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
        "Time is the mean over seeds, wall clock on the machines below, on which other work may "
        "have run; early runs that were stopped and went on counted their last start alone. A "
        "pre-training serves all seeds. Peak memory is the largest of all seeds, up to the end of "
        "the fit: of the GPU, or without one of the whole process, libraries and data included; "
        "early runs did not record it.",
        *_timed_note(results),
    )
    return Table("Cost beside quality", columns, tuple(rows), notes)


def _timed_note(results: Results) -> tuple[str, ...]:
    timed, n_runs = results.timed(), results.runs.height
    if timed.height == n_runs:
        return ()
    where = f"on {timed['device'][0]} alone" if timed.height else "on one device alone"
    return (f"Times and memory are of the {timed.height} of {n_runs} runs that were made {where}.",)


def tuning_table(outline: Outline, searched: Searched) -> Table:
    """What was searched on validation, and what was found for each system."""
    rows = tuple(
        (
            Cell(name),
            Cell(_wording(dimension)),
            *(Cell(_value(searched.found[system].get(name))) for system in outline.labels),
        )
        for name, dimension in searched.tuning.search.items()
    )
    notes = (
        f"{searched.tuning.trials} trials a search, of which the one with the best validation NDCG@10 was "
        "taken; all other settings are the same for all systems, but for the sizes of a pre-training.",
    )
    return Table("Tuned on validation", ("", "searched", *outline.labels.values()), rows, notes)


def _wording(dimension: Dimension) -> str:
    if isinstance(dimension, Range):
        return f"{dimension.low:g} to {dimension.high:g}{', log' if dimension.log else ''}"
    return ", ".join(str(value) for value in dimension)


def _value(found: Setting | None) -> str:
    if found is None:
        return NOTHING
    return f"{found:.3g}" if isinstance(found, float) else str(found)


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
    """(seeds,) the metric's mean over users."""
    scores: npt.NDArray[np.float64] = results.values(system, metric).mean(1)
    return scores


def _printed(results: Results, system: str, metric: str) -> str:
    number = results.outline.paper.get(system, {}).get(metric)
    return "" if number is None else share(number)


def _mean(column: object) -> float | None:
    return column.mean()  # type: ignore[attr-defined, no-any-return]


def _marks(comparisons: Sequence[Comparison], system: str, metric: str) -> str:
    verdicts = {
        found.verdict for found in comparisons if (found.system, found.metric) == (system, metric)
    }
    return "".join(mark for verdict, mark in MARKS.items() if verdict in verdicts)


def _result_notes(results: Results) -> tuple[str, ...]:
    notes = [
        f"{len(results.users):,} users; mean ± standard deviation over seeds, the best in bold."
    ]
    if results.outline.paper:
        notes.append("In brackets: the paper's number, from a single run.")
    if results.outline.pairs:
        notes.append(
            "* better, † worse than the baseline of its comparison, beyond luck after Holm's "
            f"correction; tested in {' and '.join(TESTED)}."
        )
    return tuple(notes)
