"""MIQ-Attn in the place of every `nn.MultiheadAttention` of a model that is there already."""

import torch
from torch import Tensor, nn

from miqrec.adapters.torch.attention import MultiItemQueryMHA
from miqrec.errors import MiqrecError


def replace_attention(model: nn.Module, window: int = 5) -> nn.Module:
    """Replace each `nn.MultiheadAttention` of a model by a `MultiItemQueryMHA` with its weights.

    Keys, values and the output projection keep their weights, and each query matrix starts as a copy of the
    one that was there. With `window=1` the model therefore computes what it did. A larger window brings
    dummy items and the projections of the query-level attention, which start fresh: train the model on.

    The attention of an `nn.TransformerDecoderLayer` to the encoder's output stays as it is. A module that
    occurs several times is replaced by one. An optimizer must be made anew, since parameters are new.

    Args:
        model: Any module; it is changed in place.
        window: m, how many of the newest items ask.

    Returns:
        The model, or the new layer where `model` is an attention layer itself.

    Raises:
        MiqrecError: If there is nothing to replace, or an attention that can't be; the model is then as
            it was.
    """
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if type(layer) is nn.MultiheadAttention and not _attends_elsewhere(model, name)
    }
    if not layers:
        raise MiqrecError(
            f"{type(model).__name__} has no nn.MultiheadAttention that attends to its own sequence"
        )
    new = {id(layer): _converted(name, layer, window) for name, layer in layers.items()}
    if model in layers.values():
        return new[id(model)]
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            if id(child) in new:
                setattr(parent, name, new[id(child)])
    return model


def _attends_elsewhere(model: nn.Module, name: str) -> bool:
    parent, _, attribute = name.rpartition(".")
    is_decoder = isinstance(model.get_submodule(parent), nn.TransformerDecoderLayer)
    return is_decoder and attribute == "multihead_attn"


@torch.no_grad()
def _converted(name: str, old: nn.MultiheadAttention, window: int) -> MultiItemQueryMHA:
    """Make the layer that takes the place of `old`, with its weights, type, device and mode."""
    _check_convertible(name, old)
    new = MultiItemQueryMHA(
        old.embed_dim,
        old.num_heads,
        old.dropout,
        old.in_proj_bias is not None,
        window=window,
        batch_first=old.batch_first,
        device=old.in_proj_weight.device,
        dtype=old.in_proj_weight.dtype,
    )
    layer = new.attention
    query, key, value = old.in_proj_weight.chunk(3)
    layer.query_weight.copy_(query.T.expand_as(layer.query_weight))
    layer.key.weight.copy_(key)
    layer.value.weight.copy_(value)
    layer.pool_value.weight.copy_(old.out_proj.weight)
    if old.in_proj_bias is not None:
        biases: list[Tensor | None] = [layer.query_bias, layer.key.bias, layer.value.bias]
        for bias, kept in zip(biases, old.in_proj_bias.chunk(3), strict=True):
            assert bias is not None
            bias.copy_(kept.expand_as(bias))
        layer.pool_value.bias.copy_(old.out_proj.bias)
    return new.train(old.training)


def _check_convertible(name: str, layer: nn.MultiheadAttention) -> None:
    if not layer._qkv_same_embed_dim:
        raise MiqrecError(
            f"{name or 'the layer'} attends to inputs of another width (kdim or vdim), so to another "
            "sequence, over which no window can slide: replace the attention layers of your choice yourself"
        )
    if layer.bias_k is not None or layer.add_zero_attn:
        raise MiqrecError(
            f"{name or 'the layer'} has add_bias_kv or add_zero_attn, a key beside the sequence's, which "
            "MIQ-Attn does not have: replace the attention layers of your choice yourself"
        )
