"""What each target counts for in the loss: by its kind of event, or nothing where it isn't asked for."""

import numpy as np

from miqrec.data.batches.training import Weights
from miqrec.data.histories import Histories
from miqrec.data.kind_names import check_kinds, read_kind_weights
from miqrec.training.config import TrainingConfig


def target_weights(histories: Histories, config: TrainingConfig) -> Weights | None:
    """Weigh each interaction as a target, (n,) float32; None where all count for 1.

    Raises:
        MiqrecError: A weight is given to a kind that the data don't have.
    """
    asked = histories.asked
    if config.kind_weights is None:
        return None if asked is None else asked.astype(np.float32)
    given = read_kind_weights(config.kind_weights)
    kinds = histories.kinds
    check_kinds(given, kinds.names if kinds else (), "targets are weighed")
    assert kinds is not None  # or they would have been refused
    weights = kinds.weights(given)
    return weights if asked is None else weights * asked
