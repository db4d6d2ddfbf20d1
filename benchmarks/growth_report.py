"""The growth curves as a page of tables and as a figure."""

from pathlib import Path
from typing import Any

from benchmarks.growth import AXES, last_slope

Points = list[dict[str, Any]]

COLUMNS = {
    "seconds": "seconds",
    "batches_seconds": "seconds of an epoch's batches",
    "peak_mib": "peak MiB",
    "above_start_mib": "MiB above the start",
    "weights_mib": "MiB of weights",
}


def page(points: Points, about: dict[str, Any]) -> str:
    """The page: the machine, and a table an axis with the slope at its end."""
    lines = [
        "# Growth",
        "",
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, "
        f"{about['date']}, commit {about['commit']}: `{about['command']}`",
        "",
        "![time and memory on logarithmic axes](growth.svg)",
        "",
        "A slope is that of the last two points on logarithmic axes: 1 is a straight line through zero.",
    ]
    for name in AXES:
        if some := of(points, name):
            lines += ["", *section(name, some)]
    return "\n".join(lines) + "\n"


def section(name: str, points: Points) -> list[str]:
    """A table of one axis and a sentence about its slope."""
    columns = [column for column in COLUMNS if column in points[0]]
    heading = [name, *(COLUMNS[column] for column in columns)]
    rows = [
        [f"{point['size']:,}", *(number(point[column]) for column in columns)] for point in points
    ]
    table = [" | ".join(row) for row in [heading, ["---"] * len(heading), *rows]]
    found = [f"{COLUMNS[column]} {show(last_slope(points, column))}" for column in columns]
    return [
        f"## {AXES[name].title[0].upper()}{AXES[name].title[1:]}",
        "",
        *(f"| {row} |" for row in table),
        "",
        f"Slope: {', '.join(found)}. Expected of the time: {AXES[name].expected}.",
    ]


def of(points: Points, name: str) -> Points:
    """The points of one axis."""
    return [point for point in points if point["axis"] == name]


def number(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def show(value: float | None) -> str:
    """A slope, where there is one."""
    return "unknown" if value is None else f"{value:.2f}"


MEASURES = {"seconds": "seconds", "above_start_mib": "MiB above the start"}


def draw(points: Points, path: Path) -> None:
    """A column an axis: time above, memory below, each with the straight line through its end."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, len(AXES), figsize=(13, 6), layout="constrained")
    for name, column in zip(AXES, panels.T, strict=True):
        column[0].set_title("\n".join(AXES[name].title.split(", ", 1)), fontsize=10)
        column[1].set_xlabel(name)
        for measure, panel in zip(MEASURES, column, strict=True):
            curve(panel, of(points, name), measure)
    for label, panel in zip(MEASURES.values(), panels[:, 0], strict=True):
        panel.set_ylabel(label)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def curve(panel: Any, points: Points, measure: str) -> None:
    """What was measured, and dotted what it would be if it grew in proportion."""
    from matplotlib.ticker import LogFormatterMathtext, LogLocator, NullFormatter

    sizes, values = ([point[key] for point in points] for key in ("size", measure))
    straight = [values[-1] * size / sizes[-1] for size in sizes]
    panel.loglog(sizes, straight, ":", color="0.6", label="slope 1")
    slope = show(last_slope(points, measure))
    panel.loglog(sizes, values, "o-", color="tab:blue", label=f"measured, {slope} at the end")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter("{x:,g}")
    panel.yaxis.set_minor_formatter(NullFormatter())
    panel.xaxis.set_major_formatter(LogFormatterMathtext() if sizes[-1] >= 1e5 else "{x:,g}")
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.legend(fontsize=8, frameon=False)
