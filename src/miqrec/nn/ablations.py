"""MIQ-Attn with one of its parts taken away: what each part is worth, which the paper does not say."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from miqrec.nn.attention import MultiItemQueryAttention

Variant = Literal["paper", "shared-query", "plain-average", "zero-dummies", "first-item"]


class SharedQuery(MultiItemQueryAttention):
    """One query matrix for the whole window: what asks is another item, never another question."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.query_weight = nn.Parameter(self.query_weight.detach()[:1].clone())  # (1, D, D)
        if self.query_bias is not None:
            self.query_bias = nn.Parameter(self.query_bias.detach()[:1].clone())

    def questions(self) -> tuple[Tensor, Tensor | None]:
        """Repeat the one matrix and its bias, (m, D, D) and (m, D)."""
        weight, bias = super().questions()
        m = self.window
        return weight.expand(m, -1, -1), None if bias is None else bias.expand(m, -1)


class PlainAverage(MultiItemQueryAttention):
    """alpha = 1 / m whatever the answers are, in place of the query-level attention."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.window > 1:
            del self.pool_query, self.pool_key

    def weigh(self, answers: Tensor) -> Tensor:
        """Give every answer the same weight: (B, T, m, D) -> (B, T, m)."""
        return answers.new_full(answers.shape[:3], 1 / self.window)


class ZeroDummies(MultiItemQueryAttention):
    """Zeros stand before the first item, so that its dummies ask with their biases alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.dummy_items is not None:
            zeros = torch.zeros_like(self.dummy_items)
            del self.dummy_items
            self.register_buffer("dummy_items", zeros, persistent=False)


class FirstItem(MultiItemQueryAttention):
    """The first item itself stands before the first, as often as the window needs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.dummy_items = None

    def with_dummies(self, query: Tensor) -> Tensor:
        """Repeat x_1 before x_1..x_L: (B, L, D) -> (B, L + m - 1, D)."""
        return torch.cat([query[:, :1].expand(-1, self.window - 1, -1), query], 1)


VARIANTS: dict[Variant, type[MultiItemQueryAttention]] = {
    "paper": MultiItemQueryAttention,
    "shared-query": SharedQuery,
    "plain-average": PlainAverage,
    "zero-dummies": ZeroDummies,
    "first-item": FirstItem,
}
"""The layer as it is, and the layers without one of its parts."""
