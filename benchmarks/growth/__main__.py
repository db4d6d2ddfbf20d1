"""`make bench-growth`: time and memory against interactions, items, length and window.

    python -m benchmarks.growth [--axis items window] [--quick]

Every point is measured in a process of its own. A command that was stopped goes on where it was: points
are kept in `benchmarks/.state/`, by the version of the code. `benchmarks/results/` gets growth.json,
growth.md and growth.svg; with `--quick` they go to `benchmarks/.state/quick/`.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from benchmarks.growth.axes import AXES
from benchmarks.growth.figure import draw
from benchmarks.growth.page import page
from benchmarks.harness import kept
from benchmarks.harness.folders import RESULTS, STATE
from benchmarks.harness.processes import measure
from benchmarks.machine.description import cores, machine


def main() -> None:
    """Measure the points that are missing, and write table and figure."""
    options = parse()
    path = STATE / f"growth-{kept.code_version()}-{options.threads}.jsonl"
    sizes = {name: axis.quick if options.quick else axis.sizes for name, axis in AXES.items()}
    for axis in options.axis:
        for size in sizes[axis]:
            if not any(point["axis"] == axis and point["size"] == size for point in read(path)):
                add(axis, size, options.threads, path)
    points = [point for point in read(path) if point["size"] in sizes[point["axis"]]]
    about = machine() | {
        "command": f"python -m benchmarks.growth {shlex.join(sys.argv[1:])}".strip()
    }
    write(points, about, STATE / "quick" if options.quick else RESULTS)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--axis", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it works")
    return parser.parse_args()


def read(path: Path) -> list[dict[str, Any]]:
    """Return the points measured so far, in the order of their sizes."""
    return sorted(kept.lines(path), key=lambda point: point["size"])


def add(axis: str, size: int, threads: int, path: Path) -> None:
    """Measure one point and keep it."""
    print(f"{axis} {size:,}", file=sys.stderr, flush=True)
    point = measure("benchmarks.growth.point", axis, str(size), threads=threads)
    kept.append(path, {"axis": axis, "size": size} | point)


def write(points: list[dict[str, Any]], about: dict[str, Any], folder: Path) -> None:
    """Write growth.json, growth.md and growth.svg, and print the page."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": about, "points": points}
    (folder / "growth.json").write_text(json.dumps(content, indent=1) + "\n")
    (folder / "growth.md").write_text(page(points, about))
    draw(points, folder / "growth.svg")
    print((folder / "growth.md").read_text())


if __name__ == "__main__":
    main()
