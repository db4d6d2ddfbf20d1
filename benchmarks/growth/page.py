"""The growth curves as a page: one table an axis, with its slopes below."""

from typing import Any

from benchmarks.growth.axes import AXES
from benchmarks.growth.slopes import last_slope, show

Points = list[dict[str, Any]]

COLUMNS = {
    "seconds": "seconds",
    "batches_seconds": "seconds of an epoch's batches",
    "peak_mib": "peak MiB",
    "above_start_mib": "MiB above the start",
    "weights_mib": "MiB of weights",
}


def page(points: Points, about: dict[str, Any]) -> str:
    """Write the page: the machine first, then a table an axis."""
    lines = [
        "# Growth",
        "",
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}, "
        f"{about['date']}, commit {about['commit']}: `{about['command']}`",
        "",
        "![time and memory on logarithmic axes](growth.svg)",
        "",
        "A slope is that of the last two points on logarithmic axes: 1 is growth in proportion.",
    ]
    for name in AXES:
        if some := [point for point in points if point["axis"] == name]:
            lines += ["", *section(name, some)]
    return "\n".join(lines) + "\n"


def section(name: str, points: Points) -> list[str]:
    """Write the table of one axis and a sentence about its slopes."""
    columns = [column for column in COLUMNS if column in points[0]]
    heading = [name, *(COLUMNS[column] for column in columns)]
    rows = [
        [f"{point['size']:,}", *(number(point[column]) for column in columns)] for point in points
    ]
    table = [" | ".join(row) for row in [heading, ["---"] * len(heading), *rows]]
    slopes = [f"{COLUMNS[column]} {show(last_slope(points, column))}" for column in columns]
    return [
        f"## {AXES[name].title[0].upper()}{AXES[name].title[1:]}",
        "",
        *(f"| {row} |" for row in table),
        "",
        f"Slope: {', '.join(slopes)}. Expected of the time: {AXES[name].expected}.",
    ]


def number(value: float) -> str:
    """Write three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
