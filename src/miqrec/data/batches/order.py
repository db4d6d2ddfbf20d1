"""The order in which examples come: at random for training, by length for evaluation."""

import math
from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from miqrec.data.batches.pieces import Integers
from miqrec.system.seeds import Purpose, stream


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
        """Take note of the epoch; the trainer calls this before each."""
        self.epoch = epoch

    def __len__(self) -> int:
        return math.ceil(self.size / self.batch_size)

    def __iter__(self) -> Iterator[Integers]:
        generator = np.random.default_rng(stream(self.seed, Purpose.ORDER, self.epoch))
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
