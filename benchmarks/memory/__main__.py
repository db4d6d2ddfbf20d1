"""`make bench-memory`: does the full softmax stay within its bounds of memory?

    python -m benchmarks.memory [--quick]

Each case takes a few training steps in a process of its own. The first bound is on what comes above
the process with its model (libraries loaded; weights, gradients and Adam's moments made); the second
is on the whole process, for a catalogue of a million items. The command fails if one is broken.
"""

import argparse
import json
import sys
from typing import NamedTuple

from benchmarks.harness.folders import RESULTS
from benchmarks.harness.processes import measure
from benchmarks.machine.description import cores, machine

GIB = 1024
"""MiB."""


class Case(NamedTuple):
    """A size of catalogue and batch, and the MiB that the measured `column` may reach."""

    title: str
    n_items: int
    n_users: int
    length: int
    column: str
    allowed: float


CASES = [
    Case("54,542 items, 128 histories of 50", 54_542, 128, 50, "above_model_mib", 1.5 * GIB),
    Case("1,000,000 items, 128 histories of 50", 1_000_000, 128, 50, "peak_mib", 8 * GIB),
]
QUICK = [Case("2,000 items, 4 histories of 10", 2000, 4, 10, "above_model_mib", 1.5 * GIB)]


def main() -> None:
    """Measure all cases, print them, and fail if one is out of bounds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tiny size, to see that it works")
    quick = parser.parse_args().quick
    results = [case._asdict() | run(case) for case in (QUICK if quick else CASES)]
    if not quick:
        content = {"machine": machine(), "cases": results}
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "memory.json").write_text(json.dumps(content, indent=1) + "\n")
    if any(result[result["column"]] > result["allowed"] for result in results):
        sys.exit("out of bounds")


def run(case: Case) -> dict[str, float]:
    """Measure one case and print it."""
    sizes = (str(number) for number in (case.n_items, case.n_users, case.length))
    measured = measure("benchmarks.memory.softmax_steps", *sizes, threads=cores())
    print(sentence(case, measured))
    return measured


def sentence(case: Case, measured: dict[str, float]) -> str:
    """Write what was measured beside what is allowed."""
    what = "the whole process" if case.column == "peak_mib" else "above the process with its model"
    return (
        f"{case.title}: {measured[case.column]:,.0f} MiB {what} (allowed {case.allowed:,.0f}; peak "
        f"{measured['peak_mib']:,.0f}, the model with gradients and moments "
        f"{measured['model_mib']:,.0f}), {measured['seconds']:.2f} s a step"
    )


if __name__ == "__main__":
    main()
