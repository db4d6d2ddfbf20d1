"""The figures of a report: learning curves, quality against cost, and differences.

The colours are those of Okabe and Ito, which people with any colour vision tell apart. Systems also
differ in their markers and dashes.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from textwrap import wrap
from typing import Any

import numpy as np
import polars as pl

from miqrec.experiments.formatting import signed
from miqrec.experiments.report.comparisons import TESTED, Comparison
from miqrec.experiments.report.drawing import INK, STYLE, Figure, canvas
from miqrec.experiments.report.heat_map import GRID_METRICS, heat_map, is_grid
from miqrec.experiments.report.rendering import SUBSCRIPT
from miqrec.experiments.report.results import Results
from miqrec.system.optional import optional

COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D5A", "#7F7F7F"),
)
SHORT_LABEL = 16  # letters; three such labels fit side by side
LONG_LABEL = 29  # letters; two such labels fit
PAIR_WIDTH = 24  # letters beside the panels of differences
MARKERS = "osD^vPX*"
DASHES = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (8, 2)), (0, (1, 3)))


def figures(results: Results, comparisons: Sequence[Comparison]) -> dict[str, Figure]:
    """Draw all figures that there are results for, by name."""
    drawn: dict[str, Callable[[], Figure]] = {}
    if is_grid(results):
        for metric in GRID_METRICS:
            name = f"heat-map-{metric.replace('@', '')}"
            drawn[name] = partial(heat_map, results, metric)
    elif len(results.study.labels) <= len(COLOURS):
        if results.history.height:
            drawn["learning-curves"] = partial(learning_curves, results)
        drawn["cost"] = partial(cost, results)
    if comparisons:
        drawn["differences"] = partial(differences, results, comparisons)
    with optional("matplotlib").rc_context(STYLE):  # figures keep the style that they were drawn in
        return {name: draw() for name, draw in drawn.items()}


def learning_curves(results: Results) -> Figure:
    """Draw validation NDCG@10 by epoch: the mean of the seeds still in training, and their deviation."""
    figure, axes = canvas()
    for system, look in _looks(results):
        curve = (
            results.history.filter(system=system)
            .group_by("epoch")
            .agg(pl.col("NDCG@10").mean(), pl.col("NDCG@10").std().fill_null(0).alias("deviation"))
            .sort("epoch")
        )
        mean, deviation = curve["NDCG@10"].to_numpy(), curve["deviation"].to_numpy()
        plain = look | {"marker": None}
        axes.plot(curve["epoch"], mean, linewidth=1.6, **plain)
        axes.fill_between(
            curve["epoch"],
            mean - deviation,
            mean + deviation,
            color=look["color"],
            alpha=0.18,
            lw=0,
        )
    axes.set(xlabel="epoch", ylabel="validation NDCG@10", ylim=(0, None), xlim=(0, None))
    _legend(figure, axes)
    return figure


def cost(results: Results) -> Figure:
    """Draw NDCG@10 against the time to fit and the parameters, with its deviation and the time's range.

    A system without a run that was timed on the same device as the others is only on the right.
    """
    figure, (left, right) = canvas(columns=2, sharey=True)
    for system, look in _looks(results):
        runs = results.runs.filter(system=system)
        quality = runs["NDCG@10"]
        minutes = results.timed().filter(system=system)["fit_seconds"] / 60
        point = look | {"linestyle": "none", "capsize": 2, "markersize": 7, "elinewidth": 1}
        height = _deviation(quality)
        if len(minutes):
            left.errorbar(minutes.mean(), quality.mean(), height, _range(minutes), **point)
        right.errorbar(runs["parameters"][0] / 1e3, quality.mean(), height, **point)
    left.set(xlabel="minutes to fit", ylabel="test NDCG@10", xscale="log")
    right.set(xlabel="thousand parameters")
    ticker = optional("matplotlib.ticker")
    shortest, longest = left.get_xlim()
    within_a_decade = longest <= 10 * shortest  # ticks at 1, 2 and 5 would leave a single one there
    steps = (1, 1.5, 2, 3, 4, 6, 8) if within_a_decade else (1, 2, 5)
    left.xaxis.set_major_locator(ticker.LogLocator(subs=steps))
    left.xaxis.set_major_formatter("{x:g}")
    left.xaxis.set_minor_locator(ticker.NullLocator())
    left.yaxis.set_major_locator(ticker.MaxNLocator(6, steps=(1, 2, 5, 10)))
    _legend(figure, left)
    return figure


def differences(results: Results, comparisons: Sequence[Comparison]) -> Figure:
    """Draw each pair's difference and its 95 % interval; a dot is filled where the verdict is clear."""
    names = {comparison: _pair(results, comparison) for comparison in comparisons}
    lines = sum(name.count("\n") + 1 for name in names.values())
    figure, panels = canvas(columns=2, height=1.3 + 0.1 * lines, sharey=True)
    for axes, metric in zip(panels, TESTED, strict=True):
        shown = [comparison for comparison in comparisons if comparison.metric == metric][::-1]
        for row, comparison in enumerate(shown):
            axes.plot([comparison.low, comparison.high], [row, row], color=COLOURS[0], linewidth=2)
            face = "none" if comparison.verdict == "unclear" else COLOURS[0]
            axes.plot(comparison.difference, row, "o", color=COLOURS[0], markerfacecolor=face, ms=8)
        axes.set_yticks(range(len(shown)), [names[comparison] for comparison in shown])
        axes.set(xlabel=f"difference in {metric}", ylim=(-0.6, len(shown) - 0.4))
        axes.axvline(0, color=INK, linewidth=0.8)
        steps = optional("matplotlib.ticker").MaxNLocator(4, steps=(1, 2, 5, 10))
        axes.xaxis.set_major_locator(steps)
        axes.xaxis.set_major_formatter(_tick)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
    return figure


def _tick(value: float, _: int) -> str:
    """Write a difference in as few digits as it takes."""
    digits = 3 if math.isclose(value, round(value, 3)) else 4
    return signed(value, digits) if value else "0"


def _looks(results: Results) -> list[tuple[str, dict[str, Any]]]:
    """Return how each system is drawn, the same in all figures."""
    labels = results.study.labels
    looks = zip(labels, COLOURS, MARKERS, DASHES, strict=False)
    return [
        (
            system,
            {
                "color": colour,
                "marker": marker,
                "linestyle": dashes,
                "label": _lines(labels[system], width=LONG_LABEL),
            },
        )
        for system, colour, marker, dashes in looks
        if system in results.ranks
    ]


def _pair(results: Results, comparison: Comparison) -> str:
    """Write both labels in lines that are short enough to stand beside the panels."""
    labels = results.study.labels
    return _lines(
        labels[comparison.system], f"against {labels[comparison.baseline]}", width=PAIR_WIDTH
    )


def _lines(*parts: str, width: int) -> str:
    """Wrap each part into lines, with subscripts as matplotlib writes them."""
    lines = [line for part in parts for line in wrap(part, width, break_on_hyphens=False)]
    return SUBSCRIPT.sub(r"$_\\mathrm{\1}$", "\n".join(lines))


def _legend(figure: Figure, axes: Any) -> None:
    handles, labels = axes.get_legend_handles_labels()
    columns = 3 if max(map(len, labels)) <= SHORT_LABEL else 2  # as many as fit the figure's width
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=2.5)


def _deviation(column: pl.Series) -> float:
    """Return the standard deviation, 0 for a single seed."""
    deviation = column.std()
    return float(deviation) if isinstance(deviation, float) else 0.0


def _range(column: pl.Series) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return (2, 1) how far the smallest and the largest value are from the mean."""
    values = column.to_numpy()
    return np.array([[values.mean() - values.min()], [values.max() - values.mean()]])
