"""Times evaluation by the number of answers that are mixed.

    PYTHONPATH=src python -m benchmarks.steps.mixture [--data ml-1m beauty-5core] [--repetitions 5]

The command prints a table in Markdown: seconds of one core's time for ranking the test questions with
SASRec, and how many times those of a single answer that is. The weights are random, which costs the same.
"""

import argparse
import os
from collections.abc import Callable

from miqrec.system.process import prepare

prepare()  # before PyTorch is loaded

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from miqrec.data.open import DataConfig, open_dataset  # noqa: E402
from miqrec.data.split_config import SplitConfig  # noqa: E402
from miqrec.data.splitting import Splits, split  # noqa: E402
from miqrec.evaluation import InferenceConfig, rank_questions  # noqa: E402
from miqrec.models import SASRecConfig, build_model  # noqa: E402
from miqrec.models.popularity import popularity_scores  # noqa: E402
from miqrec.models.protocol import Model  # noqa: E402

ANSWERS = (1, 2, 5, 10)
LENGTHS = {"ml-1m": 200}
"""How many items a model reads; 50 of other data sets."""


def main() -> None:
    """Print a row for each data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["ml-1m", "beauty-5core"])
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"| data | {' | '.join(map(str, ANSWERS))} |")
    print("|---" * (len(ANSWERS) + 1) + "|")
    for data in options.data:
        seconds = evaluation_seconds(data, options.repetitions)
        cells = (f"{each:.1f} ({each / seconds[0]:.2f})" for each in seconds)
        print(f"| {data} | {' | '.join(cells)} |", flush=True)


def evaluation_seconds(data: str, repetitions: int) -> list[float]:
    """Return the least of some evaluations' times for each number of answers, all of them in turn."""
    splits, model, popularity = untrained(data)

    def rank(n: int) -> None:
        rank_questions(model, splits.test, popularity, InferenceConfig(mix=(1 / n,) * n))

    times = [[user_seconds(lambda n=n: rank(n)) for n in ANSWERS] for _ in range(repetitions)]
    return [min(column) for column in zip(*times, strict=True)]


def untrained(data: str) -> tuple[Splits, Model, Tensor]:
    """Return the parts of a data set, SASRec with random weights, and the popularity of the items."""
    splits = split(open_dataset(DataConfig(source=data)), SplitConfig())
    torch.manual_seed(0)
    model = build_model(SASRecConfig(max_length=LENGTHS.get(data, 50)), splits.train.n_items)
    return splits, model, popularity_scores(splits.train)


def user_seconds(function: Callable[[], object]) -> float:
    """Return the processor time of one call, which other processes' work lengthens less than the clock's."""
    began = os.times().user
    function()
    return os.times().user - began


if __name__ == "__main__":
    main()
