"""Everybody's items in one flat array, and which part of them each split may see."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Split = Literal["train", "valid", "test", "all"]

HELD_OUT = 2  # the newest item is the test target, the one before it the validation target


@dataclass(frozen=True, eq=False)
class Sequences:
    """All histories, one after the other, in user order and within a user in time order.

    Attributes:
        items: (n,) int32, internal ids 1..n_items; may be memory-mapped.
        offsets: (n_users + 1,) int64; user u's items are `items[offsets[u]:offsets[u + 1]]`.
        n_items: the size of the vocabulary, those seen only as targets included.
    """

    items: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    n_items: int

    @property
    def n_users(self) -> int:
        """The number of users, those with an empty history included."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """(n_users,) how many interactions each user has."""
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class Span:
    """The part `items[starts[i]:stops[i]]` of the history of `users[i]`; each array (k,) int64."""

    users: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]


def spans(sequences: Sequences, split: Split) -> Span:
    """Returns the part of each history that a split sees, by leave-one-out.

    For "valid" and "test" that part is the history and `items[stops]` the target; users with
    fewer than 3 interactions are left out. For "test" the history holds the validation item.
    For "train" it is what precedes both targets (everything, for users with fewer than 3), and
    for "all" everything; both keep every user, also one whose part is empty.
    """
    users = np.arange(sequences.n_users)
    starts, stops = sequences.offsets[:-1], sequences.offsets[1:]
    split_up = sequences.lengths > HELD_OUT
    if split == "all":
        return Span(users, starts, stops)
    if split == "train":
        return Span(users, starts, stops - HELD_OUT * split_up)
    targets_away = {"valid": 2, "test": 1}[split]
    return Span(users[split_up], starts[split_up], stops[split_up] - targets_away)
