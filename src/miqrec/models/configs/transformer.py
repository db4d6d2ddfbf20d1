"""The sizes of attention models."""

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from miqrec.config import Config
from miqrec.nn.choices import Pooling


class TransformerConfig(Config):
    """The sizes of an attention model.

    `attention_dropout` acts on attention probabilities. SASRec and S3-Rec use the same dropout there
    as elsewhere. Its default of 0 is a departure: the CPU's fast kernel has no dropout.
    """

    dim: PositiveInt = 64
    """Width of item vectors and states."""
    n_layers: PositiveInt = 2
    """Number of blocks, one after the other."""
    n_heads: PositiveInt = 2
    """Number of heads that the width is cut into."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share set to zero in training, on embeddings and after each part of a block."""
    attention_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of attention probabilities set to zero in training; above 0 training is slower."""
    max_length: PositiveInt = 200
    """How many of the newest items the model reads."""
    block: Literal["sasrec", "s3rec"] = "sasrec"
    """Whose blocks and embedding the model has: SASRec's or S3-Rec's."""

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
    """Whose view of the answers counts: the mean of all queries', or the newest query's."""

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window > self.max_length:
            raise ValueError(
                f"window {self.window} is larger than max_length {self.max_length}: "
                "the model would never read that many items"
            )
        return self
