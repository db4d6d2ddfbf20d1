"""The examples of pre-training: every prefix of each user's newest training items."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from miqrec.data.batches.order import Shuffled
from miqrec.data.batches.pieces import WORTH, Integers, cut
from miqrec.data.batches.slicing import pad
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecError


class Prefixes(NamedTuple):
    """A piece of a batch: prefixes of similar length, padded with 0 on the right.

    Attributes:
        users: (B,) int64, internal user numbers.
        items: (B, L) int64.
        lengths: (B,) int64.
    """

    users: Tensor
    items: Tensor
    lengths: Tensor


class PrefixExamples(Dataset[list[Prefixes]]):
    """The prefixes of length 1, 2, ... of the newest `max_length` training items of each user.

    Example number i is one length of one user; only the lengths are kept in memory.

    Args:
        histories: The histories to learn from.
        max_length: The longest prefix.
        a_user: How many prefixes an epoch draws, a user on average; None for all of them.
        worth: The padded positions that make it worth cutting a batch; `math.inf` leaves it whole.

    Raises:
        MiqrecError: If no user has a training item.
    """

    def __init__(
        self,
        histories: Histories,
        max_length: int,
        a_user: int | None = None,
        worth: float = WORTH,
    ) -> None:
        longest = np.minimum(histories.lengths, max_length)
        if not longest.any():
            raise MiqrecError("there is nothing to pre-train on: no user has a training item")
        self.flat = histories.items
        self.starts = histories.stops - longest  # (n_users,)
        self.firsts = np.cumsum(longest) - longest  # (n_users,) each user's first example
        self.lengths = np.arange(1, longest.sum() + 1) - np.repeat(self.firsts, longest)
        drawn = len(self) if a_user is None else a_user * histories.n_users
        self.n_drawn = min(drawn, len(self))  # an epoch
        self.worth = worth

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Integers) -> list[Prefixes]:
        return [self.piece(rows[part]) for part in cut(self.lengths[rows], self.worth)]

    def piece(self, rows: Integers) -> Prefixes:
        """Build a piece of the prefixes with these numbers."""
        users = np.searchsorted(self.firsts, rows, side="right") - 1
        lengths = self.lengths[rows]
        return Prefixes(
            users=torch.from_numpy(users),
            items=pad(self.flat, self.starts[users], lengths),  # (B, L)
            lengths=torch.from_numpy(lengths),
        )


def prefix_loader(
    examples: PrefixExamples, batch_size: int, seed: int
) -> DataLoader[list[Prefixes]]:
    """Make a loader of batches of prefixes, in random order; an epoch draws `n_drawn` prefixes."""
    order = Shuffled(len(examples), batch_size, seed, examples.n_drawn)
    return DataLoader(examples, sampler=order, batch_size=None, generator=torch.Generator())
