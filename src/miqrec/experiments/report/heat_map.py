"""The heat map of the paper's Figure 3: a metric by window and embedding size."""

from typing import Any

import numpy as np
import polars as pl

from miqrec.experiments.formatting import share
from miqrec.experiments.report.drawing import Figure, canvas
from miqrec.experiments.report.results import Results
from miqrec.runs.config import RunConfig

GRID_METRICS = ("HR@5", "HR@10")  # as in the paper's figure
MARKED = "#D55E00"


def is_grid(results: Results) -> bool:
    """Whether the systems that have a window are a grid of windows and sizes, and otherwise alike."""
    points = results.runs.select("system", "window", "dim").unique().drop_nulls()
    sizes = points.select("window", "dim")
    return (
        not sizes.is_duplicated().any()
        and points["window"].n_unique() > 1
        and points["dim"].n_unique() > 1
        and len({_other_settings(results.configs[system]) for system in points["system"]}) == 1
    )


def _other_settings(config: RunConfig) -> str:
    return config.model_dump_json(
        exclude={"model": {"window", "dim"}, "training": {"seed"}, "init_from": True}
    )


def heat_map(results: Results, metric: str) -> Figure:
    """Draw a metric by window and embedding size, with a curve through the best size of each window."""
    points = (
        results.runs.drop_nulls(["window", "dim"])
        .group_by("window", "dim")
        .agg(pl.col(metric).mean())
    )
    grid = points.sort("window").pivot("window", index="dim", values=metric).sort("dim")
    values = grid.drop("dim").to_numpy()  # (sizes, windows), nan where nothing was run
    figure, axes = canvas()
    shown = axes.imshow(values, cmap="cividis", origin="lower", aspect="auto")
    best = np.where(np.isnan(values), -np.inf, values).argmax(0)
    axes.plot(best, color=MARKED, linewidth=2)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            _write_value(axes, (row, column), value, shown, marked=best[column] == row)
    axes.set_xticks(range(values.shape[1]), grid.columns[1:])
    axes.set_yticks(range(values.shape[0]), grid["dim"].to_list())
    axes.set(xlabel="window", ylabel="embedding size", title=f"test {metric}")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return figure


def _write_value(
    axes: Any, place: tuple[int, ...], value: float, shown: Any, *, marked: bool
) -> None:
    """Write a value into its cell, framed if it is the best of its window."""
    row, column = place
    box = {"boxstyle": "round", "facecolor": shown.to_rgba(value), "edgecolor": MARKED, "lw": 2}
    axes.text(
        *(column, row, share(value)),
        color="white" if shown.norm(value) < 0.5 else "black",
        weight="bold" if marked else "normal",
        ha="center",
        va="center",
        bbox=box if marked else None,
    )
