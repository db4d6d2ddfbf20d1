"""What the attention models share: their sizes, and the attention that they take as a part."""

from collections.abc import Callable
from functools import partial
from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from miqrec.config import Config
from miqrec.nn.ablations import VARIANTS, Variant
from miqrec.nn.attention import CausalSelfAttention, Pooling
from miqrec.nn.shared_keys import SharedKeyAttention

BuildAttention = Callable[[], SharedKeyAttention]


class TransformerConfig(Config):
    """The sizes of an attention model.

    `attention_dropout` acts on attention probabilities. SASRec and S3-Rec use the same dropout
    there as elsewhere; 0 is a departure, because the fast kernel on the CPU refuses it.
    """

    dim: PositiveInt = 64
    """Width of item vectors and states."""
    n_layers: PositiveInt = 2
    """Blocks, one after the other."""
    n_heads: PositiveInt = 2
    """Heads that the width is cut into."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share set to zero in training, on embeddings and after each part of a block."""
    attention_dropout: float = Field(default=0.0, ge=0, lt=1)
    """The same on attention probabilities; above 0 it leaves the fast kernel."""
    max_length: PositiveInt = 200
    """The newest items that are read."""
    block: Literal["sasrec", "s3rec"] = "sasrec"
    """Whose blocks and embedding: SASRec's authors' or S3-Rec's."""

    @model_validator(mode="after")
    def _heads_divide_dim(self) -> Self:
        if self.dim % self.n_heads:
            raise ValueError(f"n_heads {self.n_heads} must divide dim {self.dim}")
        return self


class MIQTransformerConfig(TransformerConfig):
    """The sizes of an attention model that asks from the newest `window` items."""

    window: PositiveInt = 10
    """How many of the newest items ask."""
    pooling: Pooling = "mean"
    """Whose view of the answers counts: all queries' mean, or the newest one's."""
    variant: Variant = "paper"
    """MIQ-Attn as in the paper, or without one of its parts, to see what the part is worth."""

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window > self.max_length:
            raise ValueError(
                f"window {self.window} is larger than max_length {self.max_length}: "
                "the model would never read that many items"
            )
        return self


def build_attention(config: TransformerConfig) -> BuildAttention:
    """Choose the attention that `config` describes: a function that makes one layer's."""
    dim, n_heads, dropout = config.dim, config.n_heads, config.attention_dropout
    if isinstance(config, MIQTransformerConfig):
        return partial(
            VARIANTS[config.variant],
            dim,
            n_heads,
            config.window,
            dropout=dropout,
            pooling=config.pooling,
        )
    return partial(CausalSelfAttention, dim, n_heads, dropout=dropout)
