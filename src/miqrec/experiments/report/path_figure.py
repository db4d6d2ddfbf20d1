"""The figure of path patching: how far a list moves with some paths closed to the odd item."""

from typing import Any

import polars as pl

from miqrec.experiments.report.drawing import STYLE, Figure, canvas
from miqrec.experiments.report.figures import COLOURS, MARKERS
from miqrec.system.optional import optional

ROWS = {
    ("every", "nothing"): "nothing",
    ("every", "query"): "the queries",
    ("every", "key-value"): "keys and values",
    ("every", "query + key-value"): "queries, keys and values",
    ("1", "residual"): "the residual of block 1",
    ("every", "residual"): "the residuals",
    ("every", "query + residual"): "residuals and queries",
    ("every", "key-value + residual"): "residuals, keys and values",
}
"""Which patches are drawn, from top to bottom, and what comes from the clean run in each."""


NAMES = {"sasrec": "SASRec", "miq-sasrec": "MIQ-SASRec", "s3rec": "S3Rec", "miq-s3rec": "MIQ-S3Rec"}
BLOCKS = {"sasrec": "SASRec's", "s3rec": "S3-Rec's"}


def draw_paths(frame: pl.DataFrame) -> Figure:
    """Draw FRBO@10 with the clean list, and NDCG@10 beside it, by what comes from the clean run.

    Args:
        frame: what `miqrec paths` writes to paths.csv; the seeds of a system are averaged.
    """
    systems = _systems(frame)
    with optional("matplotlib").rc_context(STYLE):
        figure, panels = canvas(columns=2, height=4.4, sharey=True)
        for axes, metric in zip(panels, ("FRBO@10", "NDCG@10"), strict=True):
            for number, (label, system) in enumerate(systems):
                shift = 0.16 * (number - (len(systems) - 1) / 2)
                _draw(axes, system, metric, shift, _look(number, label))
            axes.set(xlabel=metric, xlim=(0, None), ylim=(len(ROWS) - 0.5, -0.5))
            axes.xaxis.set_major_locator(optional("matplotlib.ticker").MaxNLocator(3))
        panels[0].set_xlim(0, 1.05)
        panels[0].set_yticks(range(len(ROWS)), ROWS.values())
        panels[0].set_title("from the clean run:", loc="left", fontsize=10, x=-0.9)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _systems(frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Group the rows by system, each with its label."""
    several = frame["data"].n_unique() > 1
    return [
        (
            f"{NAMES.get(model, model)}, {BLOCKS.get(block, block)} block"
            + (f", {data}" if several else ""),
            system,
        )
        for (data, model, block), system in frame.group_by(
            "data", "model", "block", maintain_order=True
        )
    ]


def _look(number: int, label: str) -> dict[str, Any]:
    """Choose how a system is drawn."""
    look = {"marker": MARKERS[number], "color": COLOURS[number], "label": label}
    return look | {"linestyle": "none", "markersize": 5, "elinewidth": 1}


def _draw(axes: Any, system: pl.DataFrame, metric: str, shift: float, look: dict[str, Any]) -> None:
    """Draw a system's mean over seeds on each row, with its interval over users."""
    means = system.group_by("blocks", "clean").agg(pl.col(metric, f"{metric} ±").mean())
    values = {(blocks, clean): value for blocks, clean, *value in means.iter_rows()}
    rows = [row for row, patch in enumerate(ROWS) if patch in values]
    centres, halves = zip(*(values[patch] for patch in ROWS if patch in values), strict=True)
    axes.errorbar(centres, [row + shift for row in rows], xerr=halves, **look)
