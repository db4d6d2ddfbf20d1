"""MIQ-SASRec with one part of its attention replaced, to measure what the part is worth."""

from miqrec.models.configs.ablation import MIQSASRecAblationConfig
from miqrec.models.sasrec import build_sasrec
from miqrec.models.transformer import Transformer, miq_attention
from miqrec.nn.ablations import ABLATIONS


def build_miq_sasrec_ablation(n_items: int, config: MIQSASRecAblationConfig) -> Transformer:
    """Build MIQ-SASRec without one of its parts; items are numbered 1..n_items."""
    return build_sasrec(n_items, config, miq_attention(config, ABLATIONS[config.ablation]))
