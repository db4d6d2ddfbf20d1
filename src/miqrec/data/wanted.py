"""Which interactions may be predicted and asked for: those of some kinds of event, or all."""

import numpy as np
import numpy.typing as npt

from miqrec.data.dataset import Dataset
from miqrec.data.kind_names import check_kinds
from miqrec.data.split_config import SplitConfig

Wanted = npt.NDArray[np.bool_] | None
"""(n,) whether each interaction may be; None for all."""


def wanted(dataset: Dataset, config: SplitConfig) -> Wanted:
    """Mark the interactions whose kind is one of the split's `target_kinds`.

    Raises:
        MiqrecError: The data don't have these kinds.
    """
    if config.target_kinds is None:
        return None
    check_kinds(config.target_kinds, dataset.kinds, "targets are chosen")
    kinds = dataset.event_kinds
    return None if kinds is None else kinds.are_among(config.target_kinds)
