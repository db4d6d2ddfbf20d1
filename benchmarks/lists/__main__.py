"""`make bench-lists`: lists for many users, the best of a million items, the index, and memory.

    python -m benchmarks.lists [--part batch top_k] [--quick]

Every point is measured in a process of its own. A command that was stopped goes on where it was: points are
kept in `benchmarks/.state/`, by the version of the code. `benchmarks/results/` gets lists.json and lists.md;
with `--quick` they go to `benchmarks/.state/quick/`. RecTools stands beside it in `make bench`, in the works
recommend-ml-1m and recommend-one-ml-1m.
"""

import argparse
import json
import shlex
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import kept
from benchmarks.harness.folders import RESULTS, STATE
from benchmarks.harness.processes import measure
from benchmarks.lists.page import page
from benchmarks.machine.description import cores, machine

Asked = tuple[str, ...]

POINTS: dict[str, list[Asked]] = {
    "batch": [("6040", "sasrec"), ("6040", "miq-sasrec")],
    "steps": [("6040",)],
    "top_k": [(n, rows) for n in ("100000", "1000000") for rows in ("1", "64")],
    "index": [(n, rows) for n in ("100000", "1000000") for rows in ("1", "64")],
    "memory": [("10000",), ("100000",), ("1000000",)],
}
QUICK: dict[str, list[Asked]] = {
    "batch": [("300", "sasrec"), ("300", "miq-sasrec")],
    "steps": [("300",)],
    "top_k": [("70000", "1"), ("70000", "64")],
    "index": [("20000", "1")],
    "memory": [("2000",), ("20000",)],
}


def main() -> None:
    """Measure the points that are missing, and write the tables."""
    options = parse()
    path = STATE / f"lists-{kept.code_version()}-{options.threads}.jsonl"
    wanted = [(part, asked) for part in options.part for asked in _points(options)[part]]
    for part, asked in wanted:
        if not any(
            (point["part"], tuple(point["asked"])) == (part, asked) for point in kept.lines(path)
        ):
            print(part, *asked, file=sys.stderr, flush=True)
            point = measure("benchmarks.lists.point", part, *asked, threads=options.threads)
            kept.append(path, {"part": part, "asked": asked} | point)
    points = [
        point for point in kept.lines(path) if (point["part"], tuple(point["asked"])) in wanted
    ]
    command = f"python -m benchmarks.lists {shlex.join(sys.argv[1:])}".strip()
    write(points, machine() | {"command": command}, STATE / "quick" if options.quick else RESULTS)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--part", nargs="+", choices=POINTS, default=list(POINTS))
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    return parser.parse_args()


def _points(options: argparse.Namespace) -> dict[str, list[Asked]]:
    return QUICK if options.quick else POINTS


def write(points: list[dict[str, Any]], about: dict[str, Any], folder: Path) -> None:
    """Write lists.json and lists.md, and print the page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lists.json").write_text(
        json.dumps({"machine": about, "points": points}, indent=1) + "\n", encoding="utf-8"
    )
    (folder / "lists.md").write_text(page(points, about), encoding="utf-8")
    print((folder / "lists.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
