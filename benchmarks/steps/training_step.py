"""A training step on a named data set, for benchmarks that look into it."""

from collections.abc import Callable

import numpy as np
import torch

from miqrec.data.batches.pieces import Integers, worth_on
from miqrec.data.batches.training import TrainingExamples
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.models.registry import build_model
from miqrec.runs.settings import Settings, settings
from miqrec.system.matmul import fast_products
from miqrec.training.answers import add_mixture
from miqrec.training.objective import make_objective

BATCH = 128
"""Users a step."""


Step = Callable[[Integers], int]
"""The rows of a batch -> its number of targets, once the weights are changed."""


def at_random(examples: TrainingExamples, steps: int, batch: int = BATCH) -> list[Integers]:
    """Draw the users of some steps."""
    order = np.random.default_rng(0).permutation(len(examples))
    return np.split(order[: steps * batch], steps)


def make_step(data: str, window: int, precision: str) -> tuple[TrainingExamples, Step]:
    """Return the examples and a training step, which takes some of them and returns its number of targets.

    Args:
        data: the name of a data set; "ml-1m" is read to a length of 200, others to 50.
        window: of MIQ-SASRec; 1 is SASRec.
        precision: as in `TrainingConfig`.
    """
    length = 200 if data == "ml-1m" else 50
    chosen = {"max_length": length, "precision": precision}
    config = settings("miq-sasrec", **chosen, window=window)
    if window == 1:
        config = settings("sasrec", **chosen)
    return make_chosen_step(data, config)


def make_chosen_step(
    data: str, config: Settings, batch_size: int = BATCH
) -> tuple[TrainingExamples, Step]:
    """Return the examples and a training step of a model and a training that are chosen already."""
    dataset, device = open_dataset(DataConfig(source=data)), torch.device("cpu")
    train = split(dataset, SplitConfig()).train
    worth = worth_on(device, reduced=config.training.reduced)
    model = build_model(config.model, train.n_items)
    add_mixture(model, config.training)
    blocks = config.training.long_histories == "blocks"
    examples = TrainingExamples(train, model.max_length, worth, blocks=blocks)
    objective = make_objective(config.training, train, device)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    negatives = torch.Generator(device)

    @fast_products(device, examples.n_targets / (len(examples) / batch_size))
    def step(users: Integers) -> int:
        batch = examples[users]
        with torch.autocast("cpu", torch.bfloat16, enabled=config.training.reduced):
            loss = objective(model, batch, negatives) / batch_size
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return sum(len(piece.positions) for piece in batch)

    return examples, step
