"""Batches to train on: the newest part of each history, cut into pieces of similar length."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from miqrec.data.batches.order import Shuffled
from miqrec.data.batches.pieces import WORTH, Integers, cut
from miqrec.data.batches.slicing import in_blocks, pad
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecError


class Piece(NamedTuple):
    """A part of a batch to train an encoder on; the rows are padded with 0 to the longest of them."""

    users: Tensor  # (B,) int64, internal user numbers
    items: Tensor  # (B, L) int64
    lengths: Tensor  # (B,) int64
    targets: Tensor  # (B, L) int64, the item that follows; 0 where nothing is to be predicted
    positions: (
        Tensor  # (N,) int64, where the flattened targets are not 0: known here, no device waits
    )


Batch = list[Piece]
"""The users of one step, as `pieces.cut` cuts them."""


class TrainingExamples(Dataset[Batch]):
    """Each user's newest `max_length` inputs and, at every position, the item that follows.

    With `blocks` what is older is trained on too, in rows of `max_length` inputs that see nothing from
    before their first. A user with a single training item has nothing to predict and is left out.

    Args:
        histories: What may be learned from.
        max_length: The most inputs of a user.
        worth: The padded positions that make it worth cutting a batch; `math.inf` leaves it whole.
        blocks: Whether a long history brings all of it, in several rows, or its newest part.

    Raises:
        MiqrecError: If there is nobody to train on.
    """

    def __init__(
        self,
        histories: Histories,
        max_length: int,
        worth: float = WORTH,
        *,
        blocks: bool = False,
    ) -> None:
        rows = np.flatnonzero(histories.lengths >= 2)
        if len(rows) == 0:
            raise MiqrecError(
                "there is nothing to train on: no user has two interactions before what is held out; "
                "bring longer histories or filter less"
            )
        starts, stops = (
            histories.starts[rows],
            histories.stops[rows] - 1,
        )  # the last item is only a target
        if not blocks:
            starts = np.maximum(starts, stops - max_length)
        owner, self.starts, self.lengths = in_blocks(starts, stops, max_length)
        self.flat = histories.items
        self.users = histories.users[rows][owner]
        self.n_targets = int(self.lengths.sum())
        self.worth = worth

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, rows: Integers) -> Batch:
        return [self.piece(rows[part]) for part in cut(self.lengths[rows], self.worth)]

    def piece(self, rows: Integers) -> Piece:
        """Stack the examples of these rows, one below the other."""
        starts, lengths = self.starts[rows], self.lengths[rows]
        targets = pad(self.flat, starts + 1, lengths)  # (B, L)
        return Piece(
            users=torch.from_numpy(self.users[rows]),
            items=pad(self.flat, starts, lengths),
            lengths=torch.from_numpy(lengths),
            targets=targets,
            positions=targets.flatten().nonzero().squeeze(1),
        )


def training_loader(examples: TrainingExamples, batch_size: int, seed: int) -> DataLoader[Batch]:
    """Batches for training; no worker processes, since slicing costs less than sending would."""
    order = Shuffled(len(examples), batch_size, seed)
    return DataLoader(examples, sampler=order, batch_size=None, generator=torch.Generator())
