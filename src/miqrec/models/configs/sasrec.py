"""SASRec's settings and MIQ-SASRec's."""

from typing import Literal

from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
from miqrec.models.registry import register


class SASRecConfig(TransformerConfig):
    """SASRec's sizes."""

    name: Literal["sasrec"] = "sasrec"


class MIQSASRecConfig(MIQTransformerConfig):
    """MIQ-SASRec's sizes."""

    name: Literal["miq-sasrec"] = "miq-sasrec"


register(SASRecConfig, "miqrec.models.sasrec:build_sasrec")
register(MIQSASRecConfig, "miqrec.models.sasrec:build_miq_sasrec")
