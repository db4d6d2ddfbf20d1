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


def draw(points: Points, path: Path) -> None:
    """A panel an axis: time on the left scale, memory above the start on the right one."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 2, figsize=(10, 7), layout="constrained")
    for name, panel in zip(AXES, panels.flat, strict=True):
        some = of(points, name)
        sizes = [point["size"] for point in some]
        time, memory = "tab:blue", "tab:orange"
        panel.loglog(sizes, [point["seconds"] for point in some], "o-", color=time)
        panel.set(title=AXES[name].title, xlabel=name)
        panel.set_ylabel(f"seconds (slope {show(last_slope(some, 'seconds'))})", color=time)
        other = panel.twinx()
        other.loglog(sizes, [point["above_start_mib"] for point in some], "s--", color=memory)
        other.set_ylabel(
            f"MiB above the start (slope {show(last_slope(some, 'above_start_mib'))})", color=memory
        )
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
