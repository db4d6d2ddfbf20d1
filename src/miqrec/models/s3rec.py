"""S3-Rec (Zhou et al., CIKM 2020) and MIQ-S3Rec, which differs from it in the attention alone.

S3-Rec is a transformer of S3-Rec's blocks with a mask among its items. Pre-training reads masked
sequences in both directions; fine-tuning reads plain ones as a causal model. The weights are the
same, with `causal` switched.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
from miqrec.models.transformer import (
    BuildAttention,
    Transformer,
    make_parts,
    miq_attention,
    self_attention,
)
from miqrec.nn.attention import Attention
from miqrec.nn.embedding import SASRecEmbedding


class S3Rec(Transformer):
    """A transformer that may be read in both directions and has a mask among its items.

    Args:
        embedding: As for `Transformer`; its last item is the mask, which is never recommended.
        blocks: As for `Transformer`.
        norm: As for `Transformer`.

    Attributes:
        mask: The id that may stand in an item's place, n_items + 1.
    """

    def __init__(
        self, embedding: SASRecEmbedding, blocks: Iterable[nn.Module], norm: nn.Module
    ) -> None:
        super().__init__(embedding, blocks, norm)
        self.mask = embedding.items.num_embeddings - 1

    def item_vectors(self) -> Tensor:
        """Share the input's item vectors without the mask's, (n_items + 1, D)."""
        return super().item_vectors()[: self.mask]

    @property
    def causal(self) -> bool:
        """Whether positions see no later ones, as in a new model; switching changes no weight."""
        return all(attention.causal for attention in self._attentions())

    @causal.setter
    def causal(self, causal: bool) -> None:
        for attention in self._attentions():
            attention.causal = causal

    def _attentions(self) -> Iterator[Attention]:
        for block in self.blocks:
            attention: Any = block.attention
            if not hasattr(attention, "causal"):
                raise MiqrecError(
                    f"{type(attention).__name__} can't be read in both directions: "
                    "S3-Rec needs an attention with an attribute `causal` that may be switched"
                )
            yield attention


def build_s3rec(
    n_items: int, config: TransformerConfig, attention: BuildAttention | None = None
) -> S3Rec:
    """Build S3-Rec, or the same model with another attention.

    Args:
        n_items: Items are numbered 1..n_items; the mask is n_items + 1.
        config: The sizes.
        attention: Makes the attention of one block, derived from `miqrec.nn.Attention` and with a
            `causal` that may be switched. By default S3-Rec's own.
    """
    return S3Rec(*make_parts(n_items + 1, config, attention or self_attention(config)))


def build_miq_s3rec(n_items: int, config: MIQTransformerConfig) -> S3Rec:
    """Build S3-Rec with Multi-Item-Query attention; the mask is n_items + 1."""
    return build_s3rec(n_items, config, miq_attention(config))
