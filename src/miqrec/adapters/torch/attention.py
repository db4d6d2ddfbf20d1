"""`MultiItemQueryMHA`: MIQ-Attn with the arguments and results of `nn.MultiheadAttention`."""

from typing import Any

import torch
from torch import Tensor, nn

from miqrec.adapters.torch.masks import causal_mask, merged_mask
from miqrec.errors import MiqrecError
from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.choices import Pooling
from miqrec.nn.kernels.attend import attend, probabilities
from miqrec.nn.kernels.windows import queries_of, visible_windows, window_queries


class _NoFastPath:
    """What stands for `in_proj_weight`, and makes PyTorch's encoders take their ordinary path."""

    @classmethod
    def __torch_function__(cls, *_: Any) -> Any:
        return NotImplemented


class MultiItemQueryMHA(nn.Module):
    """`MultiItemQueryAttention` in the place of an `nn.MultiheadAttention` that attends to itself.

        layer = nn.TransformerEncoderLayer(64, 2, batch_first=True)
        layer.self_attn = MultiItemQueryMHA(64, 2, window=5, batch_first=True)

    Masks have PyTorch's meaning: a position sees the keys that no mask hides. Its window has itself and the
    newest of the items *before it that it sees*, and dummy items stand directly before the first of these.
    So padding never asks, whichever side it is on and whichever mask names it, nor does another sequence in
    the same row. Without any mask, a position sees everything, and its window has what stands before it.

    Departures from `nn.MultiheadAttention`: `is_causal=True` needs no mask. A mask may have four axes
    (batch, heads, length, length). A position that sees nothing answers from itself, never with NaN. There
    is no attention to another sequence, since a window slides over its own.

    Args:
        embed_dim: D, the width of inputs and outputs.
        num_heads: How many heads D is cut into.
        dropout: The share of attention probabilities set to zero in training.
        bias: Whether the projections have biases.
        window: m, how many of the newest items ask.
        pooling: Which view of the answers counts, "mean" or "last".
        batch_first: Whether inputs are (B, L, D) instead of (L, B, D).
        device: Where the weights are.
        dtype: Their type.

    Attributes:
        attention: The `MultiItemQueryAttention` that holds the weights.

    Raises:
        MiqrecError: As `MultiItemQueryAttention`.
    """

    _qkv_same_embed_dim = (
        False  # these three are what PyTorch's encoders look at before their fast path
    )
    in_proj_bias = None
    in_proj_weight = _NoFastPath()

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        window: int,
        pooling: Pooling = "mean",
        batch_first: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.embed_dim, self.num_heads, self.batch_first = embed_dim, num_heads, batch_first
        layer = MultiItemQueryAttention(
            embed_dim, num_heads, window, dropout=dropout, pooling=pooling, bias=bias
        )
        self.attention = layer.to(device=device, dtype=dtype)
        self.reset_parameters()

    @property
    def out_proj(self) -> nn.Linear:
        """Give the output projection, which is `pool_value`."""
        return self.attention.pool_value

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Start as `nn.MultiheadAttention` does: Glorot uniform with the fan of three matrices, no bias.

        The output projection starts as an `nn.Linear`, and dummy items at the scale of what comes out of a
        layer norm or an `nn.Embedding`.
        """
        layer = self.attention
        bound = (6 / (4 * self.embed_dim)) ** 0.5
        layer.reset_parameters()
        for name, parameter in layer.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
            elif name not in ("pool_value.weight", "dummy_items"):
                nn.init.uniform_(parameter, -bound, bound)
        layer.pool_value.reset_parameters()
        if layer.pool_value.bias is not None:
            nn.init.zeros_(layer.pool_value.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend at every position; the arguments are those of `nn.MultiheadAttention.forward`.

        Args:
            query: (B, L, D), (L, B, D) without `batch_first`, or (L, D).
            key: Of the same shape, position by position; SASRec normalises its queries only.
            value: Of the same shape.
            key_padding_mask: Which keys are padding, (B, L), or (L,) for (L, D); bool or float.
            need_weights: Whether to return weights; without them it is faster.
            attn_mask: (L, L), (B * heads, L, L) or (B, heads, L, L); bool, true for what is hidden, or
                float, added to the scores.
            average_attn_weights: Whether weights are averaged over the heads.
            is_causal: Whether a position sees no later ones. Beside an `attn_mask` (L, L) it is PyTorch's
                hint that the mask is the causal one, which is then believed.

        Returns:
            Outputs of the query's shape, and None or the weight of each value in them, (B, L, L) or
            (B, heads, L, L) without dropout: those of the m answers, averaged by their query weights.

        Raises:
            MiqrecError: If shapes or types do not fit.
        """
        _check_inputs(query, key, value, self.embed_dim)
        batched = query.dim() == 3
        if not batched:
            query, key, value = (x.unsqueeze(0) for x in (query, key, value))
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        masks = attn_mask, key_padding_mask
        mask, causal = _visibility(*masks, is_causal=is_causal, query=query, heads=self.num_heads)

        output, weights = self._attend(query, key, value, mask, causal, need_weights)

        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return output.squeeze(0), None if weights is None else weights.squeeze(0)
        return output if self.batch_first else output.transpose(0, 1), weights

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        causal: bool,
        need_weights: bool,
    ) -> tuple[Tensor, Tensor | None]:
        """Take the steps of `MultiItemQueryAttention.forward`, with windows that the mask decides."""
        layer = self.attention
        dropout = layer.dropout if self.training else 0.0

        x = layer.with_dummies(query)  # (B, m - 1 + L, D)
        if mask is None:
            q = window_queries(x, layer.query_weight, layer.query_bias, layer.window)
        else:
            visible = (mask > -torch.inf).any(1)  # (B or 1, L, L), by any head
            windows = visible_windows(visible, layer.window).expand(x.shape[0], -1, -1)  # (B, L, m)
            q = queries_of(windows, x, layer.query_weight, layer.query_bias)  # (m, B, L, D)
        k, v = layer.key(key), layer.value(value)  # (B, L, D) each
        mask = None if mask is None else mask.to(q.dtype)
        o = attend(
            q, k, v, self.num_heads, causal=causal, mask=mask, dropout=dropout
        )  # (B, L, m, D)
        alpha = layer.weigh(o)  # (B, L, m)
        output = layer.pool_value((alpha.unsqueeze(-2) @ o).squeeze(-2))  # (B, L, D)
        if not need_weights:
            return output, None
        attention = probabilities(q, k, self.num_heads, causal=causal, mask=mask)
        return output, (alpha[:, None, :, None] @ attention).squeeze(3)  # (B, heads, L, L)


def _visibility(
    attn_mask: Tensor | None,
    key_padding_mask: Tensor | None,
    *,
    is_causal: bool,
    query: Tensor,
    heads: int,
) -> tuple[Tensor | None, bool]:
    """Say what is seen by a mask (B or 1, heads or 1, L, L), or without one by being causal or not."""
    if key_padding_mask is None:
        if attn_mask is None:
            return None, is_causal
        if is_causal and attn_mask.dim() == 2:
            return None, True
    if is_causal and attn_mask is None:
        attn_mask = causal_mask(query)
    return merged_mask(attn_mask, key_padding_mask, query, heads), False


def _check_inputs(query: Tensor, key: Tensor, value: Tensor, width: int) -> None:
    if query.is_nested:
        raise MiqrecError(
            "MultiItemQueryMHA takes padded tensors, no nested ones: pass key_padding_mask"
        )
    if query.dim() not in (2, 3) or query.shape[-1] != width:
        raise MiqrecError(
            f"attention of width {width} takes inputs of two or three axes, the last of which is {width}, "
            f"but was given {tuple(query.shape)}"
        )
    if query.shape != key.shape or query.shape != value.shape:
        raise MiqrecError(
            "MIQ-Attn slides its window over the sequence that it attends to, so query, key and value must "
            f"be of one shape, but are {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}; "
            "keep nn.MultiheadAttention where one sequence attends to another"
        )
