"""The baseline that knows the last item only: what followed it most often."""

from typing import Any, Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.data.histories import Histories, Integers
from miqrec.models.popularity import item_counts, within
from miqrec.models.registry import register


class MarkovConfig(Config):
    """Nothing to choose."""

    name: Literal["markov"] = "markov"


class Markov(nn.Module):
    """Ranks by (transitions from the last item, popularity), the first deciding.

    With c(i, j) how often j came right after i in training and p(j) how often it came at all, the
    score of j after i is the place of (c(i, j), p(j)) in the lexicographic order of all such pairs
    that occur, (0, p) among them, counted from 0. Places are whole numbers, so that float32 holds
    them exactly (below 2^24) where a sum like c + p / (max p + 1) would run into its rounding.
    Equal pairs get equal scores; an empty history, and whatever never followed the last item, is
    ranked by popularity.

    The state is sparse, item i's followers being `followers[offsets[i]:offsets[i + 1]]`. Its size
    is known only after `fit`, and a saved state brings its own.

    Args:
        n_items: items are 1..n_items.
        config: there for the sake of a common signature.
    """

    levels: Tensor  # (n_items + 1,) float32, place of (0, p(j))
    offsets: Tensor  # (n_items + 2,) int64
    followers: Tensor  # (n,) int64
    places: Tensor  # (n,) float32, place of (c(i, j), p(j)) for each follower j
    max_length = 1  # of a history it looks at

    def __init__(self, n_items: int, config: MarkovConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("levels", torch.zeros(n_items + 1))
        self.register_buffer("offsets", torch.zeros(n_items + 2, dtype=torch.int64))
        self.register_buffer("followers", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("places", torch.zeros(0))
        self.register_load_state_dict_pre_hook(_make_room)  # type: ignore[no-untyped-call]

    def fit(self, histories: Histories) -> Self:
        """Count items, and transitions within the histories."""
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

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Score all items as the next one.

        Args:
            items: (B, L), padded with 0 on the right.
            lengths: (B,); 0 is a history without items.

        Returns:
            (B, n_items + 1) float32.
        """
        last = F.pad(items, (1, 0)).gather(1, lengths.unsqueeze(1)).squeeze(1)  # (B,), 0 if empty
        scores = self.levels.repeat(len(items), 1)  # (B, n_items + 1)
        starts, sizes = self.offsets[last], self.offsets[last + 1] - self.offsets[last]
        rows = torch.arange(len(items), device=items.device).repeat_interleave(sizes)
        before = sizes.cumsum(0) - sizes
        entries = torch.arange(len(rows), device=items.device) + (starts - before)[rows]
        scores[rows, self.followers[entries]] = self.places[entries]
        return scores


def _transitions(histories: Histories, size: int) -> tuple[Integers, Integers, Integers]:
    """Distinct pairs (item, its follower), sorted, and how often each occurs."""
    items, goes_on = histories.items, within(histories)
    goes_on[histories.stops[histories.lengths > 0] - 1] = False
    position = goes_on.nonzero()[0]
    keys = items[position].astype(np.int64) * size + items[position + 1]
    distinct, counts = np.unique(keys, return_counts=True)
    return distinct // size, distinct % size, counts


def _make_room(module: Markov, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Take over the sizes of a saved state's followers before it is loaded."""
    for name in ("followers", "places"):
        if (saved := state.get(prefix + name)) is not None:
            setattr(module, name, getattr(module, name).new_empty(saved.shape))


register(MarkovConfig, Markov)
