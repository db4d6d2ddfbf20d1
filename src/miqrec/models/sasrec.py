"""SASRec (Kang and McAuley, ICDM 2018) and MIQ-SASRec, which differs from it in the attention alone."""

from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
from miqrec.models.transformer import (
    BuildAttention,
    Transformer,
    make_parts,
    miq_attention,
    self_attention,
)


def build_sasrec(
    n_items: int, config: TransformerConfig, attention: BuildAttention | None = None
) -> Transformer:
    """Build SASRec, or the same model with another attention.

    Args:
        n_items: Items are numbered 1..n_items.
        config: The sizes, and whose blocks the model has.
        attention: Makes the attention of one block, such as `lambda: MyAttention(64, 2)`, derived
            from `miqrec.nn.Attention`. By default SASRec's own.
    """
    return Transformer(*make_parts(n_items, config, attention or self_attention(config)))


def build_miq_sasrec(n_items: int, config: MIQTransformerConfig) -> Transformer:
    """Build SASRec with Multi-Item-Query attention; items are numbered 1..n_items."""
    return build_sasrec(n_items, config, miq_attention(config))
