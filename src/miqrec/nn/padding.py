"""Padded sequences: which positions are valid, where the newest ones stand, and how to trim and pack."""

import torch
from torch import Tensor

from miqrec.errors import MiqrecError


def valid(lengths: Tensor, length: int) -> Tensor:
    """Mark the positions before each sequence's end: `lengths` (...) -> (..., length) bool."""
    return torch.arange(length, device=lengths.device) < lengths.unsqueeze(-1)


def newest_positions(lengths: Tensor, n: int = 1) -> Tensor:
    """Locate the newest `n` valid positions of each sequence, newest first: (B,) -> (B, n).

    Where a sequence is shorter than `n`, its first position repeats.

    Raises:
        MiqrecError: If `n` is below 1.
    """
    if n < 1:
        raise MiqrecError(f"n is {n}, but at least the newest position is needed: use 1 or more")
    return (lengths.unsqueeze(-1) - 1 - torch.arange(n, device=lengths.device)).clamp(min=0)


def newest(states: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
    """Take the rows of `states` (B, L, D) at `newest_positions(lengths, n)`: (B, n, D)."""
    return take_rows(states, newest_positions(lengths, n))


def take_rows(x: Tensor, rows: Tensor) -> Tensor:
    """Take some rows of each sequence: `x` (B, L, D), `rows` (B, n) -> (B, n, D)."""
    return x.gather(1, rows.unsqueeze(-1).expand(-1, -1, x.shape[-1]))


def packed_places(padding: Tensor) -> Tensor:
    """Compute where each position goes when the valid ones move to the front, in their order.

    Args:
        padding: Which positions are padding, (B, L) bool.

    Returns:
        Places (B, L) int64, a permutation of 0..L-1 in each row.
    """
    real = ~padding
    behind = real.sum(1, keepdim=True) + padding.cumsum(1)
    return torch.where(padding, behind, real.cumsum(1)) - 1


def pack(x: Tensor, places: Tensor) -> Tensor:
    """Move the rows of `x` (B, L, D) to `places` (B, L); `take_rows(x, places)` moves them back."""
    return torch.empty_like(x).scatter(1, places.unsqueeze(-1).expand_as(x), x)


def trim(items: Tensor, lengths: Tensor, max_length: int) -> tuple[Tensor, Tensor]:
    """Keep each sequence's newest `max_length` items, moved to the front.

    Args:
        items: Item ids (B, L), padded with 0 on the right.
        lengths: How many of each row are valid, (B,), at least 1.
        max_length: The longest sequence to keep.

    Returns:
        Items (B, min(L, max_length)), padded likewise, and their lengths (B,).
    """
    if not torch.compiler.is_exporting() and items.shape[1] <= max_length:
        return items, lengths
    kept = lengths.clamp(max=max_length)
    width: int = torch.sym_min(items.shape[1], max_length)  # type: ignore[no-untyped-call]  # any L, exported
    columns = torch.arange(width, device=items.device) + (lengths - kept).unsqueeze(-1)
    return items.gather(1, columns), kept


def check_length(items: Tensor, max_length: int) -> None:
    """Refuse a batch (B, L) that is longer than a model reads.

    Raises:
        MiqrecError: If L is above `max_length`.
    """
    if items.shape[1] > max_length:
        raise MiqrecError(
            f"a batch of length {items.shape[1]} does not fit a model of max_length {max_length}; "
            "trim it to each history's newest items"
        )
