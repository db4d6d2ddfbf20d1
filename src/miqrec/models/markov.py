"""The Markov baseline: the items that most often followed the last item of the history."""

from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.data.histories import Histories, Integers
from miqrec.models.configs.markov import MarkovConfig
from miqrec.models.popularity import item_counts, within


class Markov(nn.Module):
    """A model that ranks by transitions from the last item, and by popularity where they are equal.

    Let c(i, j) be how often item j came right after item i in training, and p(j) how often j came at
    all. The score of j after i is the place of the pair (c(i, j), p(j)) in the lexicographic order of
    all pairs that occur, counted from 0, with (0, p) among them. Equal pairs have equal scores.
    Items that never followed the last item, and all items after an empty history, are ranked by
    popularity. Places are whole numbers, which float32 holds exactly below 2^24; it would round a sum
    such as c + p / (max p + 1).

    Args:
        n_items: Items are numbered 1..n_items.
        config: Without settings; every model takes one.

    Attributes:
        levels: The place of (0, p(j)) for each item j, (n_items + 1,) float32.
        offsets: The followers of item i are `followers[offsets[i]:offsets[i + 1]]`, (n_items + 2,)
            int64.
        followers: The items that followed some item, (n,) int64; `fit` or a saved state decides n.
        places: The place of (c(i, j), p(j)) for each follower j, (n,) float32.
        most_followers: The largest number of followers that an item has.
        max_length: 1, the last item.
    """

    levels: Tensor
    offsets: Tensor
    followers: Tensor
    places: Tensor
    max_length = 1

    def __init__(self, n_items: int, config: MarkovConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("levels", torch.zeros(n_items + 1))
        self.register_buffer("offsets", torch.zeros(n_items + 2, dtype=torch.int64))
        self.register_buffer("followers", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("places", torch.zeros(0))
        self.most_followers = 0
        self.register_load_state_dict_pre_hook(_make_room)  # type: ignore[no-untyped-call]

    def fit(self, histories: Histories) -> Self:
        """Count the items of the histories, and the transitions within each of them."""
        size = len(self.levels)
        distinct, levels = np.unique(item_counts(histories), return_inverse=True)
        levels = np.concatenate([[0], levels])  # padding scores 0
        last, following, counts = _transitions(histories, size)
        pairs = counts * len(distinct) + levels[following]  # in lexicographic order, counts >= 1
        places = len(distinct) + np.unique(pairs, return_inverse=True)[1]
        offsets = np.concatenate([[0], np.bincount(last, minlength=size).cumsum()])
        self._fill(levels=levels, offsets=offsets, followers=following, places=places)
        return self

    def _fill(self, **arrays: Integers) -> None:
        for name, array in arrays.items():
            setattr(self, name, torch.from_numpy(array).to(getattr(self, name)))
        self.most_followers = int(self.offsets.diff().max())

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Score all items as the next one.

        Args:
            items: Item ids (B, L), padded with 0 on the right.
            lengths: How many of each row are valid, (B,); 0 for a history without items.

        Returns:
            Scores (B, n_items + 1) float32.
        """
        last = F.pad(items, (1, 0)).gather(1, lengths.unsqueeze(1)).squeeze(1)  # (B,), 0 if empty
        scores = self.levels.repeat(items.shape[0], 1)  # (B, n_items + 1)
        starts, sizes = self.offsets[last], self.offsets[last + 1] - self.offsets[last]
        if torch.compiler.is_exporting():
            return self._filled(scores, starts, sizes)
        rows = torch.arange(len(items), device=items.device).repeat_interleave(sizes)
        before = sizes.cumsum(0) - sizes
        entries = torch.arange(len(rows), device=items.device) + (starts - before)[rows]
        scores[rows, self.followers[entries]] = self.places[entries]
        return scores

    def _filled(self, scores: Tensor, starts: Tensor, sizes: Tensor) -> Tensor:
        """Do the same with as many followers for each row as any item has: shapes depend on no data."""
        steps = torch.arange(self.most_followers, device=scores.device)
        entries = (starts[:, None] + steps).clamp(max=len(self.followers) - 1)  # (B, most)
        there = steps < sizes[:, None]
        columns = torch.where(there, self.followers[entries], 0)  # column 0 is padding's
        return scores.scatter(1, columns, self.places[entries])


def _transitions(histories: Histories, size: int) -> tuple[Integers, Integers, Integers]:
    """Give the distinct pairs of an item and its follower, sorted, and how often each occurs."""
    items, has_follower = histories.items, within(histories)
    has_follower[histories.stops[histories.lengths > 0] - 1] = False
    if histories.asked is not None:  # whether the follower may be predicted
        has_follower[:-1] &= histories.asked[1:]
    positions = has_follower.nonzero()[0]
    keys = items[positions].astype(np.int64) * size + items[positions + 1]
    distinct, counts = np.unique(keys, return_counts=True)
    return distinct // size, distinct % size, counts


def _make_room(module: Markov, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Give the followers the sizes that they have in a saved state, before it is loaded."""
    for name in ("followers", "places"):
        if (saved := state.get(prefix + name)) is not None:
            setattr(module, name, getattr(module, name).new_empty(saved.shape))
    if (offsets := state.get(prefix + "offsets")) is not None:
        module.most_followers = int(offsets.diff().max())
