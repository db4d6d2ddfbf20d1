"""The blocks of SASRec and of S3-Rec, each built around an attention layer that is passed in.

A block has two methods. `forward(x, lengths)` computes all positions, (B, L, D) -> (B, L, D).
`last(x, lengths, n)` computes the newest n valid positions of each row, (B, L, D) -> (B, n, D), which
is all that a model's last block has to do when it scores items.
"""

from torch import Tensor, nn

from miqrec.nn.attention import Attention
from miqrec.nn.kernels.dropout import Dropout
from miqrec.nn.padding import newest


class SASRecBlock(nn.Module):
    """Q = LN(x); x = Q + Attn(Q, x); h = LN(x); x = h + FFN(h), as in the code of SASRec's authors.

    FFN maps D to D to D with ReLU. Two departures: the attention layer has an output projection, and
    dropout acts on the projection's output. The authors' dropout acts on attention probabilities,
    which is the attention layer's own affair here.

    Args:
        dim: D, the width of inputs and outputs.
        attention: A layer of `miqrec.nn`, or one of your own derived from `miqrec.nn.Attention`.
        dropout: The share set to zero in training after the attention and after each map of the FFN.
    """

    def __init__(self, dim: int, attention: Attention, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = attention
        self.attention_dropout = Dropout(dropout)
        self.feed_forward_norm = nn.LayerNorm(dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, dim),
            nn.ReLU(),
            Dropout(dropout),
            nn.Linear(dim, dim),
            Dropout(dropout),
        )

    def attention_inputs(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give what queries are made of, and what keys and values are made of, (B, L, D) each."""
        return self.attention_norm(x), x

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Compute all positions: (B, L, D) -> (B, L, D)."""
        query, key_value = self.attention_inputs(x)
        return self._finish(query, self.attention(query, key_value, lengths=lengths))

    def last(self, x: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Compute the newest `n` valid positions, newest first: (B, L, D) -> (B, n, D)."""
        query = self.attention_norm(x)
        attended = self.attention.last(query, x, lengths=lengths, n=n)
        return self._finish(newest(query, lengths, n), attended)

    def _finish(self, query: Tensor, attended: Tensor) -> Tensor:
        h = self.feed_forward_norm(query + self.attention_dropout(attended))
        output: Tensor = h + self.feed_forward(h)
        return output


class S3RecBlock(nn.Module):
    """x = LN(x + Attn(x, x)); x = LN(x + FFN(x)), S3-Rec's block; FFN maps D to 4D to D with GELU.

    Args:
        dim: D, the width of inputs and outputs.
        attention: A layer of `miqrec.nn`, or one of your own derived from `miqrec.nn.Attention`.
        dropout: The share set to zero in training after the attention and after the FFN.
    """

    def __init__(self, dim: int, attention: Attention, dropout: float) -> None:
        super().__init__()
        self.attention = attention
        self.attention_dropout = Dropout(dropout)
        self.attention_norm = nn.LayerNorm(dim)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Dropout(dropout)
        )
        self.feed_forward_norm = nn.LayerNorm(dim)

    def attention_inputs(self, x: Tensor) -> tuple[Tensor]:
        """Give what queries, keys and values are made of, (B, L, D)."""
        return (x,)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Compute all positions: (B, L, D) -> (B, L, D)."""
        return self._finish(x, self.attention(*self.attention_inputs(x), lengths=lengths))

    def last(self, x: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Compute the newest `n` valid positions, newest first: (B, L, D) -> (B, n, D)."""
        return self._finish(newest(x, lengths, n), self.attention.last(x, lengths=lengths, n=n))

    def _finish(self, x: Tensor, attended: Tensor) -> Tensor:
        x = self.attention_norm(x + self.attention_dropout(attended))
        output: Tensor = self.feed_forward_norm(x + self.feed_forward(x))
        return output
