"""What each attention layer of a transformer is asked in one pass, and what it attends to.

Nothing is attached to the model, so that other threads may run it meanwhile.
"""

from typing import NamedTuple

from torch import Tensor

from miqrec.models.protocol import Model
from miqrec.models.transformer import Transformer
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention, QueryWeights
from miqrec.nn.blocks import S3RecBlock, SASRecBlock


class Call(NamedTuple):
    """One attention layer, and what it is called with.

    Attributes:
        inputs: What queries are made of, (B, L, D), and where that is something else, what keys and values
            are made of.
        lengths: (B,) how many positions of each row are valid.
    """

    layer: CausalSelfAttention | MultiItemQueryAttention
    inputs: tuple[Tensor, ...]
    lengths: Tensor

    @property
    def key_value(self) -> Tensor:
        """What keys and values are made of, (B, L, D)."""
        return self.inputs[-1]

    def weights(self) -> QueryWeights:
        """Compute what the layer attends to."""
        weights: QueryWeights = self.layer(*self.inputs, lengths=self.lengths, need_weights=True)[1]
        return weights


def can_be_watched(model: Model) -> bool:
    """Whether the model is a transformer of known blocks, whose attention tells what it attends to."""
    if not isinstance(model, Transformer):
        return False
    return all(
        isinstance(block, SASRecBlock | S3RecBlock)
        and isinstance(block.attention, CausalSelfAttention | MultiItemQueryAttention)
        for block in model.blocks
    )


def watch(model: Transformer, items: Tensor, lengths: Tensor) -> list[Call]:
    """Run a model over histories, and keep the call of each attention layer, the first layer's first.

    Args:
        model: one that `can_be_watched`, in eval mode.
        items: (B, L) item ids, padded with 0 on the right, L at most the model's `max_length`.
        lengths: (B,) how many of each row are valid, at least 1.
    """
    x = model.embedding(items, lengths)  # (B, L, D)
    calls = []
    for block in model.blocks:
        calls.append(Call(block.attention, block.attention_inputs(x), lengths))  # type: ignore[arg-type, operator]
        x = block(x, lengths)
    return calls
