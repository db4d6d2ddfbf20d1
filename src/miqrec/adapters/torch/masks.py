"""The masks of `nn.MultiheadAttention`, merged into one that an attention can add to its scores."""

import torch
from torch import Tensor

from miqrec.errors import MiqrecError

HIDDEN = -9000.0
"""A mask's number up to this hides a key: -inf, a type's lowest number, and the -10000 of older code."""


def merged_mask(
    attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor, num_heads: int
) -> Tensor:
    """Add both masks up, and let no position see nothing.

    A position from which every key is hidden, as those of padding often are, sees itself. Its output means
    nothing, but is a number, and tells nothing of the positions after it.

    Args:
        attn_mask: (L, L), (B * heads, L, L), or (B or 1, heads or 1, L or 1, L); bool, true for what is
            hidden, or float, added to the scores.
        key_padding_mask: (B, L), likewise.
        query: (B, L, D).
        num_heads: How many heads there are.

    Returns:
        Numbers to add to scores, (B or 1, heads or 1, L, L), -inf where a key is hidden.

    Raises:
        MiqrecError: If a mask's shape or type does not fit.
    """
    L = query.shape[1]
    merged = torch.zeros(1, 1, L, L, dtype=query.dtype, device=query.device)
    if attn_mask is not None:
        merged = merged + _four_axes(_added(attn_mask, query.dtype), query, num_heads)
    if key_padding_mask is not None:
        _check_padding(key_padding_mask, query)
        merged = merged + _added(key_padding_mask, query.dtype)[:, None, None]
    hidden = merged <= HIDDEN
    blind = hidden.all(-1, keepdim=True)
    itself = torch.eye(L, dtype=torch.bool, device=query.device)
    return merged.masked_fill(hidden, -torch.inf).masked_fill(blind & itself, 0)


def causal_mask(query: Tensor) -> Tensor:
    """Hide from each position of `query` (B, L, D) what comes after it: (L, L) bool."""
    L = query.shape[1]
    return torch.ones(L, L, dtype=torch.bool, device=query.device).triu(1)


def _added(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Make a mask one that is added to scores."""
    if mask.dtype == torch.bool:
        return torch.zeros_like(mask, dtype=dtype).masked_fill(mask, -torch.inf)
    if not mask.is_floating_point():
        raise MiqrecError(
            f"a mask must be bool, true for what is hidden, or float, but is {mask.dtype}"
        )
    return mask.to(dtype)


def _four_axes(mask: Tensor, query: Tensor, num_heads: int) -> Tensor:
    B, L, _ = query.shape
    if mask.shape == (L, L):
        return mask[None, None]
    if mask.shape == (B * num_heads, L, L):
        return mask.view(B, num_heads, L, L)
    fits = mask.dim() == 4 and all(
        size in (1, full) for size, full in zip(mask.shape, (B, num_heads, L, L), strict=True)
    )
    if not fits or mask.shape[-1] != L:
        raise MiqrecError(
            f"attn_mask must be of shape ({L}, {L}), ({B * num_heads}, {L}, {L}), which is batch * heads, "
            f"or ({B}, {num_heads}, {L}, {L}), but is of shape {tuple(mask.shape)}"
        )
    return mask


def _check_padding(mask: Tensor, query: Tensor) -> None:
    if mask.shape != query.shape[:2]:
        raise MiqrecError(
            f"key_padding_mask must be of shape {tuple(query.shape[:2])}, batch and length, "
            f"but is of shape {tuple(mask.shape)}"
        )
