"""`MultiItemQueryMHA` under every kind of mask that hosts pass to `nn.MultiheadAttention`."""

from functools import partial

import torch

from adapters.conformance import DIM, HEADS, conformance
from miqrec.adapters.torch import MultiItemQueryMHA

NUMBERS = {
    "bool": None,
    "-inf": lambda dtype: -torch.inf,
    "finfo.min": lambda dtype: torch.finfo(dtype).min,
    "-10000": lambda dtype: -10000.0,
}
"""What hides a key."""


def build(window, **options):
    return MultiItemQueryMHA(DIM, HEADS, window=window, **{"batch_first": True} | options)


def causal(x):
    return torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)


def hide(mask, kind, dtype):
    number = NUMBERS[kind]
    return (
        mask
        if number is None
        else torch.zeros_like(mask, dtype=dtype).masked_fill(mask, number(dtype))
    )


def two_axes_and_padding(layer, x, padding, *, kind):
    mask, padding = hide(causal(x), kind, x.dtype), hide(padding, kind, x.dtype)
    return layer(x, x, x, padding, need_weights=False, attn_mask=mask)[0]


def three_axes(layer, x, padding, *, kind, zero_diagonal=False):
    mask = causal(x) | padding[:, None]
    if zero_diagonal:  # as RecTools merges its masks
        mask &= ~torch.eye(x.shape[1], dtype=torch.bool)
    mask = hide(mask.repeat_interleave(HEADS, 0), kind, x.dtype)
    return layer(x, x, x, need_weights=False, attn_mask=mask)[0]


def four_axes(layer, x, padding, *, kind):
    mask = hide((causal(x) | padding[:, None])[:, None], kind, x.dtype)
    return layer(x, x, x, need_weights=False, attn_mask=mask)[0]


def added_twice(layer, x, padding, *, kind):
    """As RePlay adds its mask of padding to its causal one: what is hidden twice overflows."""
    mask = hide(causal(x), kind, x.dtype) + hide(padding[:, None, None], kind, x.dtype)
    return layer(x, x, x, need_weights=False, attn_mask=mask)[0]


def causal_without_a_mask(layer, x, padding):
    return layer(x, x, x, padding, need_weights=False, is_causal=True)[0]


def with_weights(layer, x, padding):
    return layer(x, x, x, padding, attn_mask=causal(x))[0]


def sequence_first(layer, x, padding):
    x = x.transpose(0, 1)
    return layer(x, x, x, padding, need_weights=False, is_causal=True)[0].transpose(0, 1)


RUNS = {
    f"{run.__name__}, {kind}": partial(run, kind=kind)
    for run in (two_axes_and_padding, three_axes, four_axes, added_twice)
    for kind in NUMBERS
    if (run, kind) != (added_twice, "bool")
} | {
    "three axes, zero diagonal": partial(three_axes, kind="bool", zero_diagonal=True),
    "causal without a mask": causal_without_a_mask,
    "with weights": with_weights,
}

test_multi_item_query_mha = conformance(build, RUNS)

test_sequence_first = conformance(
    partial(build, batch_first=False), {"causal without a mask": sequence_first}
)
