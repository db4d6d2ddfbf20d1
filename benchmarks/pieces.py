"""What a batch drawn at random costs: whole, in pieces, and beside batches of similar length.

    PYTHONPATH=src python -m benchmarks.pieces [--data ml-1m] [--window 10] [--precision bf16-mixed]

The three take turns over the same users in one process; a line gives the median of an epoch's seconds,
reckoned from some steps. Batches of similar length are what `data/pieces.py` speaks of: sorted by length
within pools of eight.
"""

import argparse
import math
import time
from collections.abc import Callable
from statistics import median

from miqrec.cli.process import prepare

prepare()  # before PyTorch is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

from miqrec.data.batches import Integers, TrainingExamples  # noqa: E402
from miqrec.data.datasets import load  # noqa: E402
from miqrec.data.pieces import worth_on  # noqa: E402
from miqrec.models.build import build_model  # noqa: E402
from miqrec.settings import settings  # noqa: E402
from miqrec.training.objective import make_objective  # noqa: E402

BATCH, POOL = 128, 8
"""Users a step, and batches whose users are sorted together."""


def at_random(examples: TrainingExamples, steps: int) -> list[Integers]:
    """The users of some steps."""
    order = np.random.default_rng(0).permutation(len(examples))
    return np.split(order[: steps * BATCH], steps)


def of_similar_length(examples: TrainingExamples, batches: list[Integers]) -> list[Integers]:
    """The same users, sorted by length within pools."""
    users = np.concatenate(batches)
    pools = np.arange(len(users)) // (POOL * BATCH)
    return np.split(users[np.lexsort((examples.lengths[users], pools))], len(batches))


def make_step(options: argparse.Namespace) -> tuple[TrainingExamples, Callable[[Integers], int]]:
    """The examples, and a step of training on some of them, which returns its number of targets."""
    window = {"window": options.window} if options.window > 1 else {}
    length = 200 if options.data == "ml-1m" else 50
    name = "miq-sasrec" if window else "sasrec"
    config = settings(name, max_length=length, precision=options.precision, **window)
    sequences = load(options.data).sequences
    examples = TrainingExamples(sequences, "train", length)
    model = build_model(config.model, sequences.n_items)
    objective = make_objective(config.training, sequences, "train", torch.device("cpu"))
    optimizer = torch.optim.Adam(model.parameters(), fused=True)

    def step(users: Integers) -> int:
        batch = examples[users]
        with torch.autocast("cpu", torch.bfloat16, enabled=config.training.reduced):
            loss = objective(model, batch) / BATCH
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return sum(len(piece.positions) for piece in batch)

    return examples, step


def main() -> None:
    """Measure, and print a line for each."""
    options = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    examples, step = make_step(options)
    drawn = at_random(examples, options.steps)
    worth = worth_on(torch.device("cpu"), reduced=options.precision != "32-true")
    ways = {
        "at random, whole": (drawn, math.inf),
        "at random, in pieces": (drawn, worth),
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
    """What is measured."""
    parser = argparse.ArgumentParser(description="What a batch drawn at random costs.")
    parser.add_argument("--data", default="ml-1m")
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--precision", choices=["32-true", "bf16-mixed"], default="32-true")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
