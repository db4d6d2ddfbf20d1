"""Batches to evaluate on: histories, the item that followed each, and all that was seen before it."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from miqrec.data.batches.order import ByLength
from miqrec.data.batches.pieces import Integers
from miqrec.data.batches.seen import ExcludeSeen, seen_pairs
from miqrec.data.batches.slicing import pad
from miqrec.data.histories import Questions


class EvaluationBatch(NamedTuple):
    """Histories with the one item that followed each, and all that their users had seen before it."""

    questions: Tensor  # (B,) int64, places among the questions
    items: Tensor  # (B, L) int64, the newest part of the history
    lengths: Tensor  # (B,) int64, 0 for a history without a known item
    targets: Tensor  # (B,) int64, 0 for an item that the catalogue doesn't have
    seen_rows: Tensor  # (S,) int64, the row of each seen item, of the kinds of event that count
    seen_items: Tensor  # (S,) int64, from the whole history, not only the part in `items`


class EvaluationExamples(Dataset[EvaluationBatch]):
    """The questions of a split, each with the newest `max_length` items of its history.

    Args:
        questions: What is asked.
        max_length: The most items of a history that a model reads.
        exclude_seen: The kinds of event whose items count as seen; true and false both stand for all.
    """

    def __init__(
        self, questions: Questions, max_length: int, exclude_seen: ExcludeSeen = True
    ) -> None:
        self.questions = questions
        self.exclude_seen = exclude_seen
        self.flat = questions.items
        self.stops = questions.stops
        self.targets = questions.targets
        self.lengths = np.minimum(questions.lengths, max_length)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, rows: Integers) -> EvaluationBatch:
        stops, lengths = self.stops[rows], self.lengths[rows]
        seen_rows, seen_items = seen_pairs(self.questions, rows, self.exclude_seen)
        return EvaluationBatch(
            questions=torch.from_numpy(rows),
            items=pad(self.flat, stops - lengths, lengths),  # (B, L)
            lengths=torch.from_numpy(lengths),
            targets=torch.from_numpy(self.targets[rows].astype(np.int64)),
            seen_rows=seen_rows,
            seen_items=seen_items,
        )


def evaluation_loader(examples: EvaluationExamples, batch_size: int) -> DataLoader[EvaluationBatch]:
    """Batches for evaluation, in order of length."""
    order = ByLength(examples.lengths, batch_size)
    return DataLoader(examples, sampler=order, batch_size=None, generator=torch.Generator())
