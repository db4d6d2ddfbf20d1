"""What each attention layer of a transformer is asked in one pass, and what it attends to."""

from typing import Any, NamedTuple

from torch import Tensor

from miqrec.models.protocol import Model
from miqrec.models.transformer import Transformer
from miqrec.nn.attention import CausalSelfAttention, MultiItemQueryAttention, QueryWeights


class Call(NamedTuple):
    """One attention layer, and what it was called with."""

    layer: CausalSelfAttention | MultiItemQueryAttention
    inputs: tuple[Tensor, ...]
    options: dict[str, Any]

    @property
    def key_value(self) -> Tensor:
        """What keys and values are made of, (B, L, D)."""
        return self.inputs[-1]

    def weights(self) -> QueryWeights:
        """Compute what the layer attends to."""
        weights: QueryWeights = self.layer(*self.inputs, **self.options, need_weights=True)[1]
        return weights


def can_be_watched(model: Model) -> bool:
    """Whether the model is a transformer whose attention layers tell what they attend to."""
    if not isinstance(model, Transformer):
        return False
    layers = [block.attention for block in model.blocks]
    return all(isinstance(layer, CausalSelfAttention | MultiItemQueryAttention) for layer in layers)


def watch(model: Transformer, items: Tensor, lengths: Tensor) -> list[Call]:
    """Run a model over histories, and keep the call of each attention layer, the first layer's first.

    Args:
        model: one that `can_be_watched`, in eval mode.
        items: (B, L) item ids, padded with 0 on the right, L at most the model's `max_length`.
        lengths: (B,) how many of each row are valid, at least 1.
    """
    calls: list[Call] = []
    layers: list[Any] = [block.attention for block in model.blocks]
    handles = [
        layer.register_forward_pre_hook(
            lambda layer, inputs, options: calls.append(Call(layer, inputs, options)),
            with_kwargs=True,
        )
        for layer in layers
    ]
    try:
        model(items, lengths)
    finally:
        for handle in handles:
            handle.remove()
    return calls
