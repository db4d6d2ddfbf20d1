"""MIQ-SASRec in which nobody asks before a user's first item.

The paper puts learned dummy items there, which ask too. Here the query-level attention runs over the
answers that there are.
"""

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from miqrec.models import MIQTransformerConfig, Transformer, build_sasrec, register
from miqrec.models.transformer import miq_attention
from miqrec.nn import MultiItemQueryAttention


class MaskedWindow(MultiItemQueryAttention):
    """MIQ-Attn without dummy items; it computes all positions, also where few are wanted."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.dummy_items = None

    def with_dummies(self, query: Tensor) -> Tensor:
        """Put zeros, whose answers count for nothing, before x_1..x_L."""
        return F.pad(query, (0, 0, self.window - 1, 0))

    def forward(self, *arguments: Any, **options: Any) -> Any:
        """Attend at every position; arguments and results are `MultiItemQueryAttention`'s."""
        return super().forward(*arguments, **options)

    def weigh(self, answers: Tensor) -> Tensor:
        """Compute alpha over the answers that there are: (B, L, m, D) -> (B, L, m)."""
        if self.window == 1:
            return super().weigh(answers)
        L, m, D = answers.shape[1:]
        rows, columns = (torch.arange(size, device=answers.device) for size in (L, m))
        asks = columns >= m - 1 - rows.unsqueeze(1)  # (L, m)
        scores = self.pool_query(answers) @ self.pool_key(answers).mT * D**-0.5  # (B, L, m, m)
        views = scores.masked_fill(~asks.unsqueeze(1), -torch.inf).softmax(-1)
        if self.pooling == "last":
            return views[..., -1, :]
        return (views * asks.unsqueeze(-1)).sum(-2) / asks.sum(-1, keepdim=True)


class MaskedWindowConfig(MIQTransformerConfig):
    """MIQ-SASRec's settings."""

    name: Literal["miq-masked-window"] = "miq-masked-window"


def build(n_items: int, config: MaskedWindowConfig) -> Transformer:
    """Build the model; items are numbered 1..n_items."""
    return build_sasrec(n_items, config, miq_attention(config, MaskedWindow))


register(MaskedWindowConfig, build)
