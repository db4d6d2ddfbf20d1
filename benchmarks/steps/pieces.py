"""Times batches drawn at random, whole and in pieces, beside batches of similar length.

    PYTHONPATH=src python -m benchmarks.steps.pieces [--data ml-1m] [--window 10] [--precision bf16-mixed]

The three take turns over the same users in one process; a line gives the median of an epoch's seconds,
extrapolated from some steps. Batches of similar length come from users sorted by length within pools of
eight batches; `miqrec/data/batches/pieces.py` says why miqrec does not use them.
"""

import argparse
import math
import time
from statistics import median

from miqrec.system.process import prepare

prepare()  # before PyTorch is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.steps.training_step import BATCH, at_random, make_step  # noqa: E402
from miqrec.data.batches.pieces import Integers  # noqa: E402
from miqrec.data.batches.training import TrainingExamples  # noqa: E402

POOL = 8
"""The number of batches whose users are sorted together."""


def of_similar_length(examples: TrainingExamples, batches: list[Integers]) -> list[Integers]:
    """Return batches of the same users, sorted by length within pools."""
    users = np.concatenate(batches)
    pools = np.arange(len(users)) // (POOL * BATCH)
    return np.split(users[np.lexsort((examples.lengths[users], pools))], len(batches))


def main() -> None:
    """Measure the three ways, and print a line for each."""
    options = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    examples, step = make_step(options.data, options.window, options.precision)
    drawn = at_random(examples, options.steps)
    ways = {
        "at random, whole": (drawn, math.inf),
        "at random, in pieces": (drawn, examples.worth),
        "of similar length": (of_similar_length(examples, drawn), math.inf),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.repetitions + 1):
        for name, (batches, examples.worth) in ways.items():
            start = time.perf_counter()
            targets = sum(step(users) for users in batches)
            seconds[name].append((time.perf_counter() - start) / targets * examples.n_targets)
    for name, taken in seconds.items():
        measured = taken[1:]  # the first is a warm-up
        print(f"{name:22} {median(measured):6.1f} s ({min(measured):.1f} .. {max(measured):.1f})")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time batches drawn at random.")
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--precision", choices=["32-true", "bf16-mixed"], default="32-true")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
