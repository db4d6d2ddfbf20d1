"""From all positions through all of a window's matrices to each position's own window."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def slide(projected: Tensor) -> Tensor:
    """Let position t have what stands at t + j for its j-th query.

    Each position has been through all m matrices, which is one product of full width; the queries
    are a view of its result, with no copy of each window. (A view by strides is what autograd
    differentiates slowly; here backward writes through the same view.)

    Args:
        projected: (B, L + m - 1, m, D).

    Returns:
        Queries (m, B, L, D): [j, b, t] is `projected[b, t + j, j]`.
    """
    queries: Tensor = _Slide.apply(projected)  # type: ignore[no-untyped-call]
    return queries


class _Slide(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, projected: Tensor) -> Tensor:
        ctx.shape = projected.shape
        return _diagonals(projected.contiguous())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        projected = gradient.new_zeros(ctx.shape)
        _diagonals(projected).copy_(gradient)
        return projected


def _diagonals(projected: Tensor) -> Tensor:
    B, length, m, D = projected.shape
    row, position, query, number = projected.stride()
    return projected.as_strided(
        (m, B, length - m + 1, D), (position + query, row, position, number)
    )
