"""What every neural model here is: an encoder of histories whose state is compared with items."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from miqrec.nn.padding import newest, trim
from miqrec.system.matmul import fast_products


class Encoder(nn.Module, ABC):
    """Histories to states, and states to scores by dot product with the items' vectors."""

    max_length: int

    @abstractmethod
    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Encode every prefix of each history.

        Args:
            items: Item ids (B, L), padded with 0 on the right.
            lengths: How many of each row are valid, (B,), at least 1.

        Returns:
            States (B, L, D); `states[:, t]` depends on no item after t.
        """

    @abstractmethod
    def item_vectors(self) -> Tensor:
        """What states are compared with, (n_items + 1, D); row 0 is padding's, never ranked."""

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Give the newest `n` states of each history, of its newest `max_length` items.

        Args:
            items: Item ids (B, L), padded with 0 on the right; L may exceed `max_length`.
            lengths: How many of each row are valid, (B,), at least 1.
            n: How many states, at least 1.

        Returns:
            States (B, n, D), newest first. Rows beyond the first item that is read repeat its state.
        """
        items, lengths = trim(items, lengths, self.max_length)
        return newest(self(items, lengths), lengths, n)

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Score all items as the next one, in float32 under autocast too: (B, n_items + 1)."""
        states = self.last(items, lengths).squeeze(1)  # (B, D)
        device = states.device
        with torch.autocast(device.type, enabled=False), fast_products(device):
            return states.float() @ self.item_vectors().float().T
