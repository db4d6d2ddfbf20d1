"""`python -m benchmarks.memory`: does the full softmax stay within its bounds?

Each case is a training step or some, in a process of its own. The first bound is on what comes above
the process with its model (libraries loaded, weights, gradients and moments of Adam made); the second
on the whole process, for a catalogue of a million items.
"""

import json
import sys
from typing import NamedTuple

from benchmarks.machine import cores, machine
from benchmarks.peers import WORKERS, output_of
from benchmarks.state import HERE

GIB = 1024
"""MiB."""


class Case(NamedTuple):
    """A size, and the memory in MiB that it may take: `column` says which."""

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
    quick = "--quick" in sys.argv[1:]
    about, results = machine(), []
    for case in QUICK if quick else CASES:
        numbers = [str(number) for number in (case.n_items, case.n_users, case.length)]
        command = [*WORKERS, "softmax_memory", *numbers]
        measured = json.loads(output_of(command, cores()).splitlines()[-1])
        results.append(case._asdict() | measured)
        print(sentence(case, measured))
    if not quick:
        content = {"machine": about, "cases": results}
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "memory.json").write_text(json.dumps(content, indent=1) + "\n")
    if any(result[result["column"]] > result["allowed"] for result in results):
        sys.exit("out of bounds")


def sentence(case: Case, measured: dict[str, float]) -> str:
    """What was found, beside what is allowed."""
    what = "the whole process" if case.column == "peak_mib" else "above the process with its model"
    return (
        f"{case.title}: {measured[case.column]:,.0f} MiB {what} (allowed {case.allowed:,.0f}; peak "
        f"{measured['peak_mib']:,.0f}, the model with gradients and moments "
        f"{measured['model_mib']:,.0f}), {measured['seconds']:.2f} s a step"
    )


if __name__ == "__main__":
    main()
