"""SR-GNN's settings."""

from typing import Literal

from pydantic import Field, PositiveInt

from miqrec.config import Config
from miqrec.models.registry import register


class SRGNNConfig(Config):
    """SR-GNN's sizes, with S3-Rec's width instead of the authors' 100; they use no dropout."""

    name: Literal["sr-gnn"] = "sr-gnn"
    dim: PositiveInt = 64
    """Width of item vectors and states."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of the embeddings set to zero in training."""
    max_length: PositiveInt = 50
    """How many of the newest items the model reads."""


register(SRGNNConfig, "miqrec.models.srgnn:SRGNN")
