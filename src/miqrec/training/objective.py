"""The loss of a batch, with the negatives that it draws."""

from collections.abc import Callable

from torch import Tensor

from miqrec.data.batches import Batch
from miqrec.data.sequences import Sequences, Split
from miqrec.losses import ce
from miqrec.training.config import TrainingConfig

Objective = Callable[[Tensor, Tensor, Batch], Tensor]
"""(states (B, L, D), item vectors (n_items + 1, D), batch) -> the loss summed over the targets."""


def make_objective(config: TrainingConfig, sequences: Sequences, split: Split) -> Objective:
    """Bind a loss to what it needs besides a batch."""

    def objective(states, item_vectors, batch):
        positions = batch.positions
        return ce(states.flatten(0, 1)[positions], item_vectors, batch.targets.flatten()[positions])

    return objective
