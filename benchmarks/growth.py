"""`make bench-growth`: time and memory against interactions, items, length and window.

    python -m benchmarks.growth [--axis items window] [--quick]

Every point is measured in a process of its own. Stopped, it goes on where it was: points are kept in
`benchmarks/.state/`, by the state of the code. `benchmarks/results/` gets growth.json, .md and .svg.
"""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import cores, machine
from benchmarks.peers import WORKERS, output_of
from benchmarks.state import HERE, append, code_version, lines


class Axis(NamedTuple):
    """What grows: its sizes, what is done at each, and the slope that this should have."""

    title: str
    sizes: list[int]
    quick: list[int]
    expected: str


AXES = {
    "interactions": Axis(
        "interactions prepared from Parquet",
        [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000],
        [10_000, 30_000],
        "1: they are sorted and numbered once",
    ),
    "items": Axis(
        "items, a step of SASRec with the full softmax",
        [10_000, 30_000, 100_000, 300_000, 1_000_000],
        [1000, 3000],
        "1: each position is compared with every item",
    ),
    "length": Axis(
        "length, a step of SASRec",
        [50, 100, 200, 500, 1000, 2000],
        [20, 50],
        "from 1, where projections and softmax dominate, towards 2, where attention does",
    ),
    "window": Axis(
        "window, a step of MIQ-SASRec",
        [1, 2, 5, 10, 15, 20],
        [1, 2],
        "below 1, towards 1: keys, values, feed-forward and softmax do not grow with it",
    ),
}


def main() -> None:
    """Measure the points that are missing, and write table and figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--axis", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    options = parser.parse_args()
    path = HERE / ".state" / f"growth-{code_version()}-{options.threads}.jsonl"
    for axis in options.axis:
        for size in AXES[axis].quick if options.quick else AXES[axis].sizes:
            if not any(point["axis"] == axis and point["size"] == size for point in read(path)):
                measure(axis, size, options.threads, path)
    known = {name: (axis.quick if options.quick else axis.sizes) for name, axis in AXES.items()}
    points = [point for point in read(path) if point["size"] in known[point["axis"]]]
    about = machine() | {"command": " ".join(["python -m benchmarks.growth", *sys.argv[1:]])}
    write(points, about, HERE / ".state" / "quick" if options.quick else HERE / "results")


def read(path: Path) -> list[dict[str, Any]]:
    """The points measured so far, in the order of their sizes."""
    return sorted(lines(path), key=lambda point: point["size"])


def measure(axis: str, size: int, threads: int, path: Path) -> None:
    """Measure one point and write it down."""
    print(f"{axis} {size:,}", file=sys.stderr, flush=True)
    command = [*WORKERS, "growth_point", axis, str(size)]
    point = json.loads(output_of(command, threads).splitlines()[-1])
    append(path, {"axis": axis, "size": size} | point)


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the least-squares line through the points on logarithmic axes."""
    x, y = ([math.log(value) for value in column] for column in (sizes, values))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - mean_x) ** 2 for a in x)


def last_slope(points: list[dict[str, Any]], column: str) -> float | None:
    """The slope between the two largest sizes, where fixed costs weigh least."""
    ends = [point for point in points if point.get(column, 0) > 0][-2:]
    if len(ends) < 2:
        return None
    return slope([point["size"] for point in ends], [point[column] for point in ends])


def write(points: list[dict[str, Any]], about: dict[str, Any], folder: Path) -> None:
    """Write growth.json, growth.md and growth.svg."""
    from benchmarks.growth_report import draw, page

    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": about, "points": points}
    (folder / "growth.json").write_text(json.dumps(content, indent=1) + "\n")
    (folder / "growth.md").write_text(page(points, about))
    draw(points, folder / "growth.svg")
    print((folder / "growth.md").read_text())


if __name__ == "__main__":
    main()
