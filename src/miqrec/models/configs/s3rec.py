"""S3-Rec's settings and MIQ-S3Rec's."""

from typing import Literal

from pydantic import Field, PositiveInt

from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
from miqrec.models.registry import register


class S3RecConfig(TransformerConfig):
    """S3-Rec's sizes, but without its dropout on attention probabilities (a departure)."""

    name: Literal["s3rec"] = "s3rec"
    dropout: float = Field(default=0.5, ge=0, lt=1)
    max_length: PositiveInt = 50
    block: Literal["s3rec"] = "s3rec"


class MIQS3RecConfig(MIQTransformerConfig):
    """MIQ-S3Rec's sizes: S3-Rec's and a window."""

    name: Literal["miq-s3rec"] = "miq-s3rec"
    dropout: float = Field(default=0.5, ge=0, lt=1)
    max_length: PositiveInt = 50
    block: Literal["s3rec"] = "s3rec"
    window: PositiveInt = 5


register(S3RecConfig, "miqrec.models.s3rec:build_s3rec", pretrainable=True)
register(MIQS3RecConfig, "miqrec.models.s3rec:build_miq_s3rec", pretrainable=True)
