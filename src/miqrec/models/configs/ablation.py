"""The settings of MIQ-SASRec with one part replaced."""

from typing import Literal

from miqrec.models.configs.transformer import MIQTransformerConfig
from miqrec.models.registry import register
from miqrec.nn.choices import Ablation


class MIQSASRecAblationConfig(MIQTransformerConfig):
    """MIQ-SASRec's sizes, and what stands in the place of a part of its attention."""

    name: Literal["miq-sasrec-ablation"] = "miq-sasrec-ablation"
    ablation: Ablation = "shared-query"
    """What stands in a part's place: one query matrix for the whole window, a plain average for the
    query-level attention, zeros or the first item for the dummy items."""


register(MIQSASRecAblationConfig, "miqrec.models.ablation:build_miq_sasrec_ablation")
