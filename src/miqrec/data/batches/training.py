"""Batches to train on: the newest part of each history, cut into pieces of similar length."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from miqrec.data.batches.order import Shuffled
from miqrec.data.batches.pieces import WORTH, Integers, cut
from miqrec.data.batches.slicing import in_blocks, pad
from miqrec.data.histories import Histories
from miqrec.errors import MiqrecError

Weights = npt.NDArray[np.float32]


class Piece(NamedTuple):
    """A part of a batch to train an encoder on; the rows are padded with 0 to the longest of them."""

    users: Tensor  # (B,) int64, internal user numbers
    items: Tensor  # (B, L) int64
    lengths: Tensor  # (B,) int64
    targets: Tensor  # (B, L) int64, the item that follows; 0 where nothing is to be predicted
    positions: (
        Tensor  # (N,) int64, where the flattened targets are not 0: known here, no device waits
    )
    weights: Tensor | None = None  # (B, L) float32, what each target counts for; None for 1


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
        weights: What the loss of each interaction as a target counts for, (n,), 0 where it is no target;
            None where all count for 1. Every row ends with an input that is followed by a target.

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
        weights: Weights | None = None,
    ) -> None:
        starts, stops = histories.starts, histories.stops - 1  # the last item is only a target
        stops = _last_asked(starts, stops, weights)
        if not blocks:
            starts = np.maximum(starts, stops - max_length)
        owner, self.starts, lengths = in_blocks(starts, np.maximum(starts, stops), max_length)
        self.lengths = _last_asked(self.starts, self.starts + lengths, weights) - self.starts
        kept = self.lengths > 0
        self.users, self.starts, self.lengths = (
            column[kept] for column in (histories.users[owner], self.starts, self.lengths)
        )
        if not kept.any():
            raise MiqrecError(
                "there is nothing to train on: no user has two interactions before what is held out, the "
                "second of them one to be predicted; bring longer histories or filter less"
            )
        self.flat, self.weights, self.worth = histories.items, weights, worth
        self.total_weight = _sum(self.starts + 1, self.lengths, weights)

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, rows: Integers) -> Batch:
        return [self.piece(rows[part]) for part in cut(self.lengths[rows], self.worth)]

    def piece(self, rows: Integers) -> Piece:
        """Stack the examples of these rows, one below the other."""
        starts, lengths = self.starts[rows], self.lengths[rows]
        targets = pad(self.flat, starts + 1, lengths)  # (B, L)
        weights = None if self.weights is None else pad(self.weights, starts + 1, lengths)
        if weights is not None:
            targets *= weights > 0
        return Piece(
            users=torch.from_numpy(self.users[rows]),
            items=pad(self.flat, starts, lengths),
            lengths=torch.from_numpy(lengths),
            targets=targets,
            positions=targets.flatten().nonzero().squeeze(1),
            weights=weights,
        )


def _last_asked(starts: Integers, stops: Integers, weights: Weights | None) -> Integers:
    """Move the end of each part back to behind its last input that is followed by a target."""
    if weights is None:
        return stops
    places = np.where(weights > 0, np.arange(len(weights)), -1)
    last = np.maximum.accumulate(places)[stops]
    return np.where(stops > starts, np.maximum(last, starts), starts)


def _sum(starts: Integers, lengths: Integers, weights: Weights | None) -> float:
    """Add up what the targets of all parts count for."""
    if weights is None:
        return float(lengths.sum())
    before = np.append(0, np.cumsum(weights, dtype=np.float64))
    return float((before[starts + lengths] - before[starts]).sum())


def training_loader(examples: TrainingExamples, batch_size: int, seed: int) -> DataLoader[Batch]:
    """Batches for training; no worker processes, since slicing costs less than sending would."""
    order = Shuffled(len(examples), batch_size, seed)
    return DataLoader(examples, sampler=order, batch_size=None, generator=torch.Generator())
