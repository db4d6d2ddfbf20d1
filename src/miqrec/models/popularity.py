"""The baseline that knows no user: everybody gets what most had."""

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.data.histories import Histories
from miqrec.models.registry import register


class PopularityConfig(Config):
    """Nothing to choose."""

    name: Literal["popularity"] = "popularity"


class Popularity(nn.Module):
    """An item's score is its number of interactions in training.

    Args:
        n_items: items are 1..n_items.
        config: there for the sake of a common signature.
    """

    counts: Tensor  # (n_items + 1,) int64
    max_length = 1  # of a history it looks at; it needs none of it

    def __init__(self, n_items: int, config: PopularityConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("counts", torch.zeros(n_items + 1, dtype=torch.int64))

    def fit(self, histories: Histories) -> Self:
        """Count the items of the histories."""
        self.counts[1:] = torch.from_numpy(item_counts(histories))
        return self

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """The same for everybody: (B, n_items + 1) float32, exact up to 2^24 interactions.

        Args:
            items: (B, L), only its size matters.
            lengths: (B,), of no consequence.
        """
        return self.counts.float().repeat(len(items), 1)


def item_counts(histories: Histories) -> npt.NDArray[np.int64]:
    """How often each item stands in the histories, (n_items,)."""
    items = histories.items[within(histories)]
    return np.bincount(items, minlength=histories.n_items + 1)[1:]


def popularity_scores(histories: Histories) -> Tensor:
    """The same as scores that answer where there is no history: (n_items + 1,) float32."""
    return torch.from_numpy(np.append(0, item_counts(histories))).float()


def within(histories: Histories) -> npt.NDArray[np.bool_]:
    """Mark the places (n,) of the flat array that belong to one of the histories."""
    size = len(histories.items) + 1
    edges = np.bincount(histories.starts, minlength=size)
    edges -= np.bincount(histories.stops, minlength=size)
    return edges[:-1].cumsum() > 0


register(PopularityConfig, Popularity)
