"""Batches to evaluate on: a history, the one item that followed it, and all that was seen before."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from miqrec.data.batches.order import ByLength
from miqrec.data.batches.pieces import Integers
from miqrec.data.batches.slicing import pad, slices
from miqrec.data.sequences import Sequences, Split, spans
from miqrec.errors import MiqrecError


class EvaluationBatch(NamedTuple):
    """Histories with the one item that followed each, and all that their users had seen before it."""

    users: Tensor  # (B,) int64
    items: Tensor  # (B, L) int64, the newest part of the history
    lengths: Tensor  # (B,) int64
    targets: Tensor  # (B,) int64
    seen_rows: Tensor  # (S,) int64, the row of each seen item
    seen_items: Tensor  # (S,) int64, from the whole history, not only the part in `items`


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


def evaluation_loader(examples: EvaluationExamples, batch_size: int) -> DataLoader[EvaluationBatch]:
    """Batches for evaluation, in order of length."""
    order = ByLength(examples.lengths, batch_size)
    return DataLoader(examples, sampler=order, batch_size=None, generator=torch.Generator())
