"""RecTools' SASRec blocks with MIQ-Attn in them."""

from typing import Any

import torch
from rectools.models.nn.transformers.sasrec import SASRecTransformerLayers
from torch import Tensor, nn
from torch.nn.utils.parametrize import register_parametrization

from miqrec.adapters.torch import MultiItemQueryMHA
from miqrec.nn.choices import Pooling


class MIQTransformerLayers(SASRecTransformerLayers):
    """`SASRecTransformerLayers` whose attention asks from the newest `window` items.

        SASRecModel(
            transformer_layers_type=MIQTransformerLayers,
            transformer_layers_kwargs={"window": 5},
        )

    RecTools pads on the left, and by default its mask is the causal one alone, so that items see the padding
    before them. Here padding is hidden in any case, and dummy items stand directly before the first item.

    When training starts, RecTools draws every parameter with two axes or more from a Glorot normal
    distribution. The m query matrices and biases are therefore parameters of their own here: each matrix
    starts as every other one of the model, biases at zero, and dummy items as one matrix.

    Args:
        n_blocks: How many blocks there are.
        n_factors: D, the width.
        n_heads: How many heads D is cut into.
        dropout_rate: The share set to zero in training, of attention probabilities too.
        window: m, how many of the newest items ask.
        pooling: Which view of the answers counts, "mean" or "last".

    Raises:
        MiqrecError: As `MultiItemQueryAttention`.
    """

    def __init__(
        self,
        n_blocks: int,
        n_factors: int,
        n_heads: int,
        dropout_rate: float,
        window: int = 5,
        pooling: Pooling = "mean",
    ) -> None:
        super().__init__(n_blocks, n_factors, n_heads, dropout_rate)
        for block in self.transformer_blocks:
            attention = MultiItemQueryMHA(
                *(n_factors, n_heads, dropout_rate),
                window=window,
                pooling=pooling,
                batch_first=True,
            )
            for name in ("query_weight", "query_bias"):
                register_parametrization(attention.attention, name, _Stacked())
            block.multi_head_attn = attention

    def forward(
        self,
        seqs: Tensor,
        timeline_mask: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        **_: Any,
    ) -> Tensor:
        """Run the blocks.

        Args:
            seqs: Vectors of items, (B, L, D).
            timeline_mask: Whether there is an item, (B, L, 1) bool.
            attn_mask: None, (L, L) or (B * heads, L, L).
            key_padding_mask: None or (B, L); the timeline says the same.

        Returns:
            States (B, L, D).
        """
        padding = ~timeline_mask.squeeze(-1)
        states: Tensor = super().forward(seqs, timeline_mask, attn_mask, padding)
        return states


class _Stacked(nn.Module):
    """A tensor whose rows are m parameters."""

    def forward(self, *rows: Tensor) -> Tensor:
        return torch.stack(rows)

    def right_inverse(self, stacked: Tensor) -> tuple[Tensor, ...]:
        return stacked.unbind()
