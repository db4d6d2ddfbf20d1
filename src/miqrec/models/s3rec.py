"""S3-Rec (Zhou et al., CIKM 2020): SASRec in S3-Rec's blocks, with a mask among its items.

Pre-training reads masked sequences in both directions, fine-tuning reads plain ones as a causal
model: the same weights, with `causal` switched. The mask is embedded as one item more, behind the
last, and is never recommended. As with SASRec the attention is a part that is passed in, so
MIQ-S3Rec is S3-Rec with `MultiItemQueryAttention` and no other change.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PositiveInt
from torch import Tensor

from miqrec.models.registry import register
from miqrec.models.sasrec import SASRec
from miqrec.models.transformer import BuildAttention, MIQTransformerConfig, TransformerConfig
from miqrec.nn.shared_keys import SharedKeyAttention


class S3RecConfig(TransformerConfig):
    """S3-Rec's sizes, with dropout on attention probabilities as a departure (see the base)."""

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


class S3Rec(SASRec):
    """A transformer over the newest `max_length` items that may be read in both directions.

    Args:
        n_items: Items are numbered 1..n_items; `mask`, n_items + 1, may stand in their place.
        config: Its sizes.
        attention: Makes the attention of one layer; what `config` describes if not given.
    """

    def __init__(
        self, n_items: int, config: TransformerConfig, attention: BuildAttention | None = None
    ) -> None:
        super().__init__(n_items + 1, config, attention)
        self.mask = n_items + 1

    def item_vectors(self) -> Tensor:
        """Share the input's item embedding without the mask's row, (n_items + 1, D)."""
        return super().item_vectors()[: self.mask]

    @property
    def causal(self) -> bool:
        """Whether positions see no later ones, as in a new model; switching changes no weight."""
        return all(attention.causal for attention in self._attentions())

    @causal.setter
    def causal(self, causal: bool) -> None:
        for attention in self._attentions():
            attention.causal = causal

    def _attentions(self) -> Iterator[SharedKeyAttention]:
        return (part for part in self.modules() if isinstance(part, SharedKeyAttention))


register(S3RecConfig, S3Rec, pretrainable=True)
register(MIQS3RecConfig, S3Rec, pretrainable=True)
