"""The growth curves as a figure: a column an axis, with time above and memory below."""

from pathlib import Path
from typing import Any

from benchmarks.growth.axes import AXES
from benchmarks.growth.slopes import last_slope, show

MEASURES = {"seconds": "seconds", "above_start_mib": "MiB above the start"}


def draw(points: list[dict[str, Any]], path: Path) -> None:
    """Write the figure as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    axes = {name: [point for point in points if point["axis"] == name] for name in AXES}
    measured = {name: some for name, some in axes.items() if some}
    figure, panels = pyplot.subplots(
        *(2, len(measured)), figsize=(3.25 * len(measured), 6), layout="constrained", squeeze=False
    )
    for (name, some), column in zip(measured.items(), panels.T, strict=True):
        column[0].set_title("\n".join(AXES[name].title.split(", ", 1)), fontsize=10)
        column[1].set_xlabel(name)
        for measure, panel in zip(MEASURES, column, strict=True):
            draw_curve(panel, some, measure)
    for label, panel in zip(MEASURES.values(), panels[:, 0], strict=True):
        panel.set_ylabel(label)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def draw_curve(panel: Any, points: list[dict[str, Any]], measure: str) -> None:
    """Draw what was measured, and a dotted line of growth in proportion through the last point."""
    from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullFormatter

    sizes, values = ([point[key] for point in points] for key in ("size", measure))
    proportional = [values[-1] * size / sizes[-1] for size in sizes]
    panel.loglog(sizes, proportional, ":", color="0.6", label="slope 1")
    slope = show(last_slope(points, measure))
    panel.loglog(sizes, values, "o-", color="tab:blue", label=f"measured, {slope} at the end")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter("{x:,g}")
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.xaxis.set_major_formatter(LogFormatterMathtext() if sizes[-1] >= 1e5 else "{x:,g}")
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.legend(fontsize=8, frameon=False)
