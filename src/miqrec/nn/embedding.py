"""From item ids to layer inputs: the vector of an item plus the vector of its position.

Positions count back from the newest item, as in SASRec's left-padded original. Dropping the oldest
items of a history therefore changes nothing for the items that stay.
"""

import torch
from torch import Tensor, nn

from miqrec.nn.kernels.dropout import Dropout


class SASRecEmbedding(nn.Module):
    """x_t = dropout(sqrt(D) E[item_t] + P[length - 1 - t]), as in the code of SASRec's authors.

    Row 0 of E belongs to padding: it starts at zero and gets no gradient here.

    Args:
        n_items: Items are numbered 1..n_items.
        dim: D, the width of a vector.
        max_length: How many positions P has.
        dropout: The share of inputs set to zero in training.

    Attributes:
        items: E, `nn.Embedding(n_items + 1, D)`.
        positions: P, `nn.Embedding(max_length, D)`.
    """

    def __init__(self, n_items: int, dim: int, max_length: int, dropout: float) -> None:
        super().__init__()
        self.scale, self.max_length = dim**0.5, max_length
        self.items = nn.Embedding(n_items + 1, dim, padding_idx=0)
        self.positions = nn.Embedding(max_length, dim)
        self.dropout = Dropout(dropout)

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Embed `items` (B, L), of which the first `lengths` (B,) are valid: (B, L, D)."""
        return self.place(self.items(items) * self.scale, lengths)

    def place(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Make inputs of vectors (B, L, D) that stand for items already: (B, L, D)."""
        x: Tensor = self.dropout(vectors + self._positions(vectors, lengths))
        return x

    def _positions(self, x: Tensor, lengths: Tensor) -> Tensor:
        steps_back = lengths.unsqueeze(-1) - 1 - torch.arange(x.shape[1], device=x.device)
        vectors: Tensor = self.positions(steps_back.clamp(min=0))  # padding gets position 0
        return vectors


class S3RecEmbedding(SASRecEmbedding):
    """x_t = dropout(LN(E[item_t] + P[length - 1 - t])), as in S3-Rec: normalised, not scaled."""

    def __init__(self, n_items: int, dim: int, max_length: int, dropout: float) -> None:
        super().__init__(n_items, dim, max_length, dropout)
        self.scale = 1.0
        self.norm = nn.LayerNorm(dim)

    def place(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Make inputs of vectors (B, L, D) that stand for items already: (B, L, D)."""
        x: Tensor = self.dropout(self.norm(vectors + self._positions(vectors, lengths)))
        return x
