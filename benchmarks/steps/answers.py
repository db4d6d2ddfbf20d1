"""What several answers cost a training: processor time of the same steps with one, five and ten.

    PYTHONPATH=src:. python -m benchmarks.steps.answers [--recipe best-ml-1m:sasrec] [--steps 40] [--rounds 5]

The steps take turns, each with every number of answers before the next begins, so that other work on the
machine slows all of them alike. The command prints a table in Markdown, with the ratio to one answer of
each round's sum.
"""

import argparse
import time
from collections.abc import Callable

from miqrec.system.process import prepare

prepare()  # before PyTorch is loaded

from benchmarks.steps.training_step import at_random, make_chosen_step  # noqa: E402
from miqrec.data.batches.pieces import Integers  # noqa: E402
from miqrec.experiments.studies.recipe_files import read_system  # noqa: E402
from miqrec.runs.settings import settings  # noqa: E402

SIDES: dict[str, dict[str, object]] = {
    "one answer": {},
    "five, learned": {"answers": 5},
    "ten, learned": {"answers": 10},
    "ten, adaptive": {"answers": 10, "answer_weights": "adaptive"},
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="best-ml-1m:sasrec")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rounds = measure(options.recipe, options.steps, options.rounds)
    print("| | ms a step | more than one answer, by round |\n|---|---|---|")
    for side, sums in rounds.items():
        more = [
            f"{100 * (own / one - 1):+.1f} %"
            for own, one in zip(sums, rounds["one answer"], strict=True)
        ]
        print(f"| {side} | {1e3 * min(sums) / options.steps:.1f} | {', '.join(more)} |")


def measure(recipe: str, steps: int, rounds: int) -> dict[str, list[float]]:
    """Return the processor seconds of all steps, for each round of each side."""
    study, system = read_system(recipe)
    chosen, values = study.chosen(system), study.system_values(system)
    size = chosen.training.batch_size
    sides = {
        name: make_chosen_step(study.data, settings(chosen.model.name, **values, **more), size)
        for name, more in SIDES.items()
    }
    batches = at_random(sides["one answer"][0], steps, size)
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for warm in (False, *[True] * rounds):
        sums = dict.fromkeys(sides, 0.0)
        for users in batches if warm else batches[:5]:
            for name, (_, step) in sides.items():
                sums[name] += processor_seconds(step, users)
        for name in sides if warm else ():
            taken[name].append(sums[name])
    return taken


def processor_seconds(step: Callable[[Integers], int], users: Integers) -> float:
    """Return the seconds that the processor worked for this process in one step."""
    began = time.process_time()
    step(users)
    return time.process_time() - began


if __name__ == "__main__":
    main()
