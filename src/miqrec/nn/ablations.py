"""MIQ-Attn with one of its parts replaced, to measure what the part is worth.

The paper has no such ablations. Each layer here differs from `MultiItemQueryAttention` in one part
and in nothing else; arguments and results are the same.
"""

from typing import Any

import torch
from torch import Tensor, nn

from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.choices import Ablation


class SharedQuery(MultiItemQueryAttention):
    """One query matrix and bias for the whole window, in place of one for each of its positions.

    The m queries then differ in the items they are made of, and in nothing else.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.query_weight = nn.Parameter(self.query_weight.detach()[:1].clone())  # (1, D, D)
        if self.query_bias is not None:
            self.query_bias = nn.Parameter(self.query_bias.detach()[:1].clone())  # (1, D)


class PlainAverage(MultiItemQueryAttention):
    """alpha = 1 / m for every answer, in place of the query-level attention."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.window > 1:
            del self.pool_query, self.pool_key

    def weigh(self, answers: Tensor) -> Tensor:
        """Give every answer the same weight: (B, T, m, D) -> (B, T, m)."""
        return answers.new_full(answers.shape[:3], 1 / self.window)


class ZeroDummies(MultiItemQueryAttention):
    """Zeros in place of learned dummy items, whose queries are then the biases alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.dummy_items is not None:
            zeros = torch.zeros_like(self.dummy_items)
            del self.dummy_items
            self.register_buffer("dummy_items", zeros, persistent=False)


class FirstItem(MultiItemQueryAttention):
    """Copies of the first item, m - 1 of them, in place of learned dummy items."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.dummy_items = None

    def with_dummies(self, query: Tensor) -> Tensor:
        """Repeat x_1 before x_1..x_L: (B, L, D) -> (B, m - 1 + L, D)."""
        return torch.cat([query[:, :1].expand(-1, self.window - 1, -1), query], 1)


ABLATIONS: dict[Ablation, type[MultiItemQueryAttention]] = {
    "shared-query": SharedQuery,
    "plain-average": PlainAverage,
    "zero-dummies": ZeroDummies,
    "first-item": FirstItem,
}
"""The layers by what they put in a part's place."""
