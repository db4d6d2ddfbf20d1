"""SASRec with a second query, from the mean of the newest items, as in MQSA-TED (arXiv 2311.01056).

This is the paper's idea inside one layer: both queries attend to the same keys and values, and their
answers are averaged. The paper runs two attentions side by side, and adds transitions between items and
distillation, which are left out here.
"""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor, nn

from miqrec.models import Transformer, TransformerConfig, build_sasrec, register
from miqrec.nn import CausalSelfAttention
from miqrec.nn.kernels.attend import attend


class SecondQuery(CausalSelfAttention):
    """Two queries: q_t = x_t Wq + bq, and q'_t = mean(x_{t-m+1..t}) Wq' + bq'.

    It computes all positions, also where few are wanted.
    """

    def __init__(self, embed_dim: int, num_heads: int, window: int, dropout: float) -> None:
        super().__init__(embed_dim, num_heads, dropout=dropout)
        self.window = window
        self.long_query = nn.Linear(embed_dim, embed_dim)

    def forward(self, query: Tensor, key_value: Tensor | None = None, **options: Any) -> Tensor:
        """Attend at every position: (B, L, D) -> (B, L, D)."""
        key_value = query if key_value is None else key_value
        q = torch.stack([self.query(query), self.long_query(self.means(query))])  # (2, B, L, D)
        k, v = self.key(key_value), self.value(key_value)  # (B, L, D) each
        dropout = self.dropout if self.training else 0.0
        o = attend(q, k, v, self.num_heads, causal=True, dropout=dropout)  # (B, L, 2, D)
        output: Tensor = self.out(o.mean(2))
        return output

    def means(self, x: Tensor) -> Tensor:
        """Average the newest items at each position, at most `window`: (B, L, D) -> (B, L, D)."""
        sums = F.pad(x, (0, 0, self.window - 1, 0)).unfold(1, self.window, 1).sum(-1)
        counts = torch.arange(1, x.shape[1] + 1, device=x.device).clamp(max=self.window)
        return sums / counts.unsqueeze(-1)


class SecondQueryConfig(TransformerConfig):
    """SASRec's settings, and a window."""

    name: Literal["second-query"] = "second-query"
    window: PositiveInt = 10
    """Of how many of the newest items the second query has the mean."""


def build(n_items: int, config: SecondQueryConfig) -> Transformer:
    """Build the model; items are numbered 1..n_items."""
    sizes = config.dim, config.n_heads, config.window, config.attention_dropout
    return build_sasrec(n_items, config, lambda: SecondQuery(*sizes))


register(SecondQueryConfig, build)
