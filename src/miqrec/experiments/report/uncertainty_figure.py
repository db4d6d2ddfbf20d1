"""The figure of uncertainty: risk against coverage, and what was said against what happened."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from miqrec.experiments.report.drawing import INK, STYLE, Figure, canvas
from miqrec.experiments.report.figures import COLOURS, DASHES
from miqrec.system.optional import optional
from miqrec.uncertainty.calibration import reliability, risk_coverage
from miqrec.uncertainty.summary import confidence, hits

SIGNALS = {
    "list_probability": "probability of the list",
    "entropy": "entropy",
    "margin": "margin",
    "disagreement": "disagreement of positions",
    "dispersion": "dispersion of queries",
    "query_entropy": "entropy of query weights",
    "ensemble": "disagreement of seeds",
}
"""The signals and what they are called in the figure."""


def draw_uncertainty(
    measured: Sequence[pl.DataFrame], raw: Sequence[pl.DataFrame], k: int
) -> Figure:
    """Draw the share of misses among the most confident lists, and the reliability diagram.

    Args:
        measured: what `measure_signals` returned for each seed, with a temperature; seeds are averaged.
        raw: the same without a temperature.
        k: the length of the lists.
    """
    with optional("matplotlib").rc_context(STYLE):
        figure, (left, right) = canvas(columns=2, height=4.2)
        drawn = [signal for signal in SIGNALS if signal in measured[0].columns]
        for colour, dashes, signal in zip(COLOURS, DASHES, drawn, strict=False):
            _draw_risk(left, measured, signal, k, {"color": colour, "linestyle": dashes})
        left.axhline(1 - np.mean([hits(frame, k).mean() for frame in measured]), color=INK, lw=0.8)
        left.set(xlabel="coverage, the most confident first", ylabel=f"share of misses at {k}")
        _draw_reliability(right, raw, k, {"color": COLOURS[7], "marker": "o", "label": "before"})
        _draw_reliability(
            right, measured, k, {"color": COLOURS[0], "marker": "s", "label": "after"}
        )
        right.axline((0, 0), slope=1, color=INK, linewidth=0.8)
        right.set(xlabel="said probability of a hit", ylabel="share of hits", xlim=(0, None))
        right.legend(title="temperature scaling", loc="best")
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _draw_risk(
    axes: Any, frames: Sequence[pl.DataFrame], signal: str, k: int, look: dict[str, Any]
) -> None:
    """Draw the mean curve over seeds from a twentieth of the questions on: before, a few decide."""
    curves = [risk_coverage(confidence(frame, signal), 1 - hits(frame, k)) for frame in frames]
    risk = np.mean([curve.risk for curve in curves], axis=0)
    shown = curves[0].coverage >= 0.05
    axes.plot(curves[0].coverage[shown], risk[shown], label=SIGNALS[signal], **look)


def _draw_reliability(
    axes: Any, frames: Sequence[pl.DataFrame], k: int, look: dict[str, Any]
) -> None:
    together = pl.concat([frame.select("rank", "list_probability") for frame in frames])
    said = together["list_probability"].to_numpy().astype(np.float64)
    found = reliability(said, hits(together, k) > 0)
    axes.plot(found.said, found.happened, linewidth=1, markersize=4, **look)
