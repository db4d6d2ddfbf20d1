"""Batches by array slicing: histories cut from the flat store and padded on the right.

An example is a row number; a batch is made from an array of row numbers at once, with no loop over users.
For training it comes in pieces of similar length, for evaluation in order of length.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from miqrec.data.pieces import WORTH, Integers, cut
from miqrec.data.sequences import Sequences, Split, spans
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


class EvaluationBatch(NamedTuple):
    """Histories with the one item that followed each, and all that their users had seen before it."""

    users: Tensor  # (B,) int64
    items: Tensor  # (B, L) int64, the newest part of the history
    lengths: Tensor  # (B,) int64
    targets: Tensor  # (B,) int64
    seen_rows: Tensor  # (S,) int64, the row of each seen item
    seen_items: Tensor  # (S,) int64, from the whole history, not only the part in `items`


def slices(
    flat: npt.NDArray[np.int32], starts: Integers, lengths: Integers
) -> tuple[Tensor, Tensor]:
    """The parts `flat[start:start + length]` end to end, (N,) int64, and the row of each element, (N,)."""
    rows = np.repeat(np.arange(len(starts)), lengths)
    firsts = np.cumsum(lengths) - lengths
    index = np.arange(int(lengths.sum())) + np.repeat(starts - firsts, lengths)
    return torch.from_numpy(flat[index].astype(np.int64)), torch.from_numpy(rows)


def pad(flat: npt.NDArray[np.int32], starts: Integers, lengths: Integers) -> Tensor:
    """The parts `flat[start:start + length]` as rows, padded with 0 on the right: (B, max(lengths, 1))."""
    columns = np.arange(max(int(lengths.max(initial=0)), 1))  # (L,)
    valid = columns < lengths[:, None]  # (B, L)
    index = np.where(valid, starts[:, None] + columns, 0)
    items = np.where(valid, flat[index], 0) if len(flat) else np.zeros(valid.shape)
    return torch.from_numpy(items.astype(np.int64))


def in_blocks(starts: Integers, stops: Integers, size: int) -> tuple[Integers, Integers, Integers]:
    """Cut the parts `flat[start:stop]` into blocks of `size`, the newest first and the oldest the rest.

    Returns:
        Of each block the number of its part, its start and its length.
    """
    counts = -(-(stops - starts) // size)
    parts = np.repeat(np.arange(len(starts)), counts)
    newer = np.arange(len(parts)) - np.repeat(np.cumsum(counts) - counts, counts)
    ends = stops[parts] - newer * size
    begins = np.maximum(starts[parts], ends - size)
    return parts, begins, ends - begins


class TrainingExamples(Dataset[Batch]):
    """Each user's newest `max_length` inputs and, at every position, the item that follows.

    With `blocks` what is older is trained on too, in rows of `max_length` inputs that see nothing from
    before their first. A user with a single training item has nothing to predict and is left out.

    Args:
        sequences: The interactions.
        split: "train" or "all".
        max_length: The most inputs of a user.
        worth: The padded positions that make it worth cutting a batch; `math.inf` leaves it whole.
        blocks: Whether a long history brings all of it, in several rows, or its newest part.

    Raises:
        MiqrecError: If there is nobody to train on.
    """

    def __init__(
        self,
        sequences: Sequences,
        split: Split,
        max_length: int,
        worth: float = WORTH,
        *,
        blocks: bool = False,
    ) -> None:
        span = spans(sequences, split)
        rows = np.flatnonzero(span.stops - span.starts >= 2)
        if len(rows) == 0:
            raise MiqrecError(
                "there is nothing to train on: no user has two interactions left after the last two are "
                "held out; bring longer histories or filter less"
            )
        starts, stops = span.starts[rows], span.stops[rows] - 1  # the last item is only a target
        if not blocks:
            starts = np.maximum(starts, stops - max_length)
        owner, self.starts, self.lengths = in_blocks(starts, stops, max_length)
        self.flat = sequences.items
        self.users = span.users[rows][owner]
        self.n_targets = int(self.lengths.sum())
        self.worth = worth

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, rows: Integers) -> Batch:
        return [self.piece(rows[part]) for part in cut(self.lengths[rows], self.worth)]

    def piece(self, rows: Integers) -> Piece:
        """The examples of these rows, one below the other."""
        starts, lengths = self.starts[rows], self.lengths[rows]
        targets = pad(self.flat, starts + 1, lengths)  # (B, L)
        return Piece(
            users=torch.from_numpy(self.users[rows]),
            items=pad(self.flat, starts, lengths),
            lengths=torch.from_numpy(lengths),
            targets=targets,
            positions=targets.flatten().nonzero().squeeze(1),
        )


class EvaluationExamples(Dataset[EvaluationBatch]):
    """The held-out item of every user with at least 3 interactions, and the history before it."""

    def __init__(self, sequences: Sequences, split: Split, max_length: int) -> None:
        span = spans(sequences, split)
        if len(span.users) == 0:
            raise MiqrecError(
                f"there is nobody to {split} on: no user has 3 interactions or more; "
                "bring longer histories or filter less"
            )
        self.flat = sequences.items
        self.users, self.starts, self.stops = span.users, span.starts, span.stops
        self.lengths = np.minimum(span.stops - span.starts, max_length)

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, rows: Integers) -> EvaluationBatch:
        starts, stops, lengths = self.starts[rows], self.stops[rows], self.lengths[rows]
        seen_items, seen_rows = slices(self.flat, starts, stops - starts)
        return EvaluationBatch(
            users=torch.from_numpy(self.users[rows]),
            items=pad(self.flat, stops - lengths, lengths),  # (B, L)
            lengths=torch.from_numpy(lengths),
            targets=torch.from_numpy(self.flat[stops].astype(np.int64)),
            seen_rows=seen_rows,
            seen_items=seen_items,
        )


class Shuffled(Sampler[Integers]):
    """Row numbers in random order, a batch at a time.

    (seed, epoch) decides the order, so that a resumed run sees the batches that an uninterrupted one would.
    With a `size` below the number of rows an epoch draws that many of them, without replacement.
    """

    def __init__(self, n_rows: int, batch_size: int, seed: int, size: int | None = None) -> None:
        self.n_rows = n_rows
        self.batch_size = batch_size
        self.seed = seed
        self.size = min(size or n_rows, n_rows)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(self.size / self.batch_size)

    def __iter__(self) -> Iterator[Integers]:
        generator = np.random.default_rng((self.seed, self.epoch))
        drawn = generator.permutation(self.n_rows)[: self.size]
        for first in range(0, self.size, self.batch_size):
            yield drawn[first : first + self.batch_size]


class ByLength(Sampler[Integers]):
    """Row numbers in order of length, a batch at a time: the least padding, for evaluation."""

    def __init__(self, lengths: Integers, batch_size: int) -> None:
        self.order = np.argsort(lengths, kind="stable")
        self.batch_size = batch_size

    def __len__(self) -> int:
        return math.ceil(len(self.order) / self.batch_size)

    def __iter__(self) -> Iterator[Integers]:
        for first in range(0, len(self.order), self.batch_size):
            yield self.order[first : first + self.batch_size]


def training_loader(examples: TrainingExamples, batch_size: int, seed: int) -> DataLoader[Batch]:
    """Batches for training; no worker processes, since slicing costs less than sending would."""
    return DataLoader(examples, sampler=Shuffled(len(examples), batch_size, seed), batch_size=None)


def evaluation_loader(examples: EvaluationExamples, batch_size: int) -> DataLoader[EvaluationBatch]:
    """Batches for evaluation, in order of length."""
    return DataLoader(examples, sampler=ByLength(examples.lengths, batch_size), batch_size=None)
