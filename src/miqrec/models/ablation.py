"""MIQ-SASRec with one part of its attention replaced, to measure what the part is worth."""

from typing import Literal

from miqrec.models.registry import register
from miqrec.models.sasrec import build_sasrec
from miqrec.models.transformer import MIQTransformerConfig, Transformer, miq_attention
from miqrec.nn.ablations import ABLATIONS, Ablation


class MIQSASRecAblationConfig(MIQTransformerConfig):
    """MIQ-SASRec's sizes, and what stands in the place of a part of its attention."""

    name: Literal["miq-sasrec-ablation"] = "miq-sasrec-ablation"
    ablation: Ablation = "shared-query"
    """What stands in a part's place: one query matrix for the whole window, a plain average for the
    query-level attention, zeros or the first item for the dummy items."""


def build_miq_sasrec_ablation(n_items: int, config: MIQSASRecAblationConfig) -> Transformer:
    """Build MIQ-SASRec without one of its parts; items are numbered 1..n_items."""
    return build_sasrec(n_items, config, miq_attention(config, ABLATIONS[config.ablation]))


register(MIQSASRecAblationConfig, build_miq_sasrec_ablation)
