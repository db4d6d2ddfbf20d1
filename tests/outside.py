"""Models that derive from nothing of ours, as other packages have them."""

from typing import Literal

import torch
from torch import Tensor, nn

from miqrec.config import Config


class OutsideConfig(Config):
    name: Literal["outside"] = "outside"
    dim: int = 16
    """Width of the vectors."""
    pace: Literal["slow", "fast"] = "slow"
    """How fast."""
    sizes: tuple[int, ...] = (1, 2)
    """Nothing that can be typed."""


class Outside(nn.Module):
    """A learner whose state is a map of the newest item's vector."""

    max_length = 20

    def __init__(self, n_items: int, config: OutsideConfig) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items + 1, config.dim)
        self.follow = nn.Linear(config.dim, config.dim)

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.follow(self.items(items))

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        newest = lengths[:, None] - 1 - torch.arange(n)
        oldest = (lengths - self.max_length).clamp(min=0)
        rows = torch.maximum(newest, oldest[:, None])
        return self.follow(self.items(items.gather(1, rows)))

    def item_vectors(self) -> Tensor:
        return self.items.weight

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        states = self.last(items, lengths).squeeze(1)
        with torch.autocast(states.device.type, enabled=False):
            return states.float() @ self.items.weight.T
