"""SASRec whose attention passes through gates: F_t = scale * sigmoid(x_t Wg + bg) * Attn(x)_t."""

from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor, nn

from miqrec.models import Transformer, TransformerConfig, build_sasrec, register
from miqrec.nn import Attention, CausalSelfAttention


class GatedAttention(Attention):
    """Any attention of width `dim`, each feature of its output scaled by a gate of the asking item."""

    def __init__(self, attention: Attention, dim: int, scale: float) -> None:
        super().__init__()
        self.attention, self.gate, self.scale = attention, nn.Linear(dim, dim), scale

    def forward(
        self, query: Tensor, key_value: Tensor | None = None, *, lengths: Tensor | None = None
    ) -> Tensor:
        """Attend at every position: (B, L, D) -> (B, L, D)."""
        gates = self.scale * torch.sigmoid(self.gate(query))  # (B, L, D)
        gated: Tensor = gates * self.attention(query, key_value, lengths=lengths)
        return gated


class GatedSASRecConfig(TransformerConfig):
    """SASRec's settings, and one of the gates."""

    name: Literal["gated-sasrec"] = "gated-sasrec"
    gate_scale: PositiveFloat = 2.0
    """Largest factor of a gate; with 2 the gates are 1 on average before training."""


def build_gated_sasrec(n_items: int, config: GatedSASRecConfig) -> Transformer:
    """Build SASRec with gated attention in each of its blocks; items are numbered 1..n_items."""

    def attention() -> GatedAttention:
        inner = CausalSelfAttention(config.dim, config.n_heads, dropout=config.attention_dropout)
        return GatedAttention(inner, config.dim, config.gate_scale)

    return build_sasrec(n_items, config, attention)


register(GatedSASRecConfig, build_gated_sasrec)
