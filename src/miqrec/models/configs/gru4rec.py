"""GRU4Rec's settings."""

from typing import Literal

from pydantic import Field, PositiveInt

from miqrec.config import Config
from miqrec.models.registry import register


class GRU4RecConfig(Config):
    """RecBole's sizes, with dropout 0.5 instead of its 0.3."""

    name: Literal["gru4rec"] = "gru4rec"
    dim: PositiveInt = 64
    """Width of item vectors and states."""
    hidden: PositiveInt = 128
    """Width of the GRU's state."""
    n_layers: PositiveInt = 1
    """Number of the GRU's layers."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share of the embeddings set to zero in training."""
    max_length: PositiveInt = 50
    """How many of the newest items the model reads."""


register(GRU4RecConfig, "miqrec.models.gru4rec:GRU4Rec")
