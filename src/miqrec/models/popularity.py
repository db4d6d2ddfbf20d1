"""The baseline that knows no user: everybody gets what most had."""

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.data.histories import Histories
from miqrec.models.registry import register

Ids = npt.NDArray[np.integer[Any]]


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

    def fit(self, items: Ids, starts: Ids, stops: Ids) -> Self:
        """Count the items of each user's part `items[starts[u]:stops[u]]`.

        Args:
            items: (n,) ids of all users, one user after the other.
            starts: (k,) where each part begins; parts do not overlap.
            stops: (k,) where each part ends.
        """
        self.counts.copy_(torch.from_numpy(count_items(items, starts, stops, len(self.counts) - 1)))
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
    return count_items(histories.items, histories.starts, histories.stops, histories.n_items)[1:]


def popularity_scores(histories: Histories) -> Tensor:
    """The same as scores that answer where there is no history: (n_items + 1,) float32."""
    return torch.from_numpy(np.append(0, item_counts(histories))).float()


def count_items(items: Ids, starts: Ids, stops: Ids, n_items: int) -> npt.NDArray[np.int64]:
    """Interactions an item within the parts, (n_items + 1,); padding has none."""
    return np.bincount(items[within(len(items), starts, stops)], minlength=n_items + 1)


def within(n: int, starts: Ids, stops: Ids) -> npt.NDArray[np.bool_]:
    """Mask (n,) of the positions that lie in one of the parts `starts[u]:stops[u]`."""
    edges = np.bincount(starts, minlength=n + 1) - np.bincount(stops, minlength=n + 1)
    return edges[:-1].cumsum() > 0


register(PopularityConfig, Popularity)
