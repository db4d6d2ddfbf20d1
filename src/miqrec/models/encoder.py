"""The base of the models that are trained: an encoder of histories, whose states are compared with items."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from miqrec.nn.padding import newest, trim
from miqrec.system.matmul import fast_products


class Encoder(nn.Module, ABC):
    """A model that turns histories into states, and states into scores.

    The score of an item is the dot product of the newest state with the item's vector. A subclass
    brings `forward`, `item_vectors` and `max_length`; it overrides `last` where it can compute the
    newest states with less work than all of them.

    Attributes:
        max_length: How many of the newest items the model reads.
    """

    max_length: int

    @abstractmethod
    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Encode every prefix of each history.

        Args:
            items: Item ids (B, L), padded with 0 on the right.
            lengths: How many of each row are valid, (B,), at least 1.

        Returns:
            States (B, L, D), where `states[:, t]` depends on no item after t.
        """

    @abstractmethod
    def item_vectors(self) -> Tensor:
        """Give the vectors that states are compared with, (n_items + 1, D); row 0 belongs to padding."""

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Encode the newest `max_length` items of each history, and give the newest `n` states.

        Args:
            items: Item ids (B, L), padded with 0 on the right; L may exceed `max_length`.
            lengths: How many of each row are valid, (B,), at least 1.
            n: How many states, at least 1.

        Returns:
            States (B, n, D), newest first. Where fewer than `n` items are read, the state of the
            first of them repeats.
        """
        items, lengths = trim(items, lengths, self.max_length)
        return newest(self(items, lengths), lengths, n)

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Score all items as the next one: (B, L), (B,) -> (B, n_items + 1), in float32 always."""
        states = self.last(items, lengths).squeeze(1)  # (B, D)
        device = states.device
        with torch.autocast(device.type, enabled=False), fast_products(device):
            return states.float() @ self.item_vectors().float().T
