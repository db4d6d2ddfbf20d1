"""The popularity baseline: every user gets the items with the most interactions in training."""

from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from miqrec.data.histories import Histories
from miqrec.models.configs.popularity import PopularityConfig


class Popularity(nn.Module):
    """A model whose score of an item is the item's number of interactions in training.

    Args:
        n_items: Items are numbered 1..n_items.
        config: Without settings; every model takes one.

    Attributes:
        counts: The number of interactions of each item, (n_items + 1,) int64.
        max_length: 1, since a batch has at least one column; the model looks at no item.
    """

    counts: Tensor
    max_length = 1

    def __init__(self, n_items: int, config: PopularityConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("counts", torch.zeros(n_items + 1, dtype=torch.int64))

    def fit(self, histories: Histories) -> Self:
        """Count the items of the histories."""
        self.counts[1:] = torch.from_numpy(item_counts(histories))
        return self

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Give every history the same scores.

        Args:
            items: Item ids (B, L), of which only B matters.
            lengths: How many of each row are valid, (B,), which does not matter.

        Returns:
            Scores (B, n_items + 1) float32, exact up to 2^24 interactions.
        """
        return self.counts.float().repeat(items.shape[0], 1)


def item_counts(histories: Histories) -> npt.NDArray[np.int64]:
    """Count how often each item occurs in the histories as one that may be predicted: (n_items,)."""
    counted = within(histories)
    if histories.asked is not None:
        counted &= histories.asked
    items = histories.items[counted]
    return np.bincount(items, minlength=histories.n_items + 1)[1:]


def popularity_scores(histories: Histories) -> Tensor:
    """Turn item counts into scores for users without a history: (n_items + 1,) float32."""
    return torch.from_numpy(np.append(0, item_counts(histories))).float()


def within(histories: Histories) -> npt.NDArray[np.bool_]:
    """Mark the positions (n,) of the flat array that belong to one of the histories."""
    size = len(histories.items) + 1
    edges = np.bincount(histories.starts, minlength=size)
    edges -= np.bincount(histories.stops, minlength=size)
    return edges[:-1].cumsum() > 0
