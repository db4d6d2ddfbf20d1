"""The queries of sliding windows: q_{t,j} = x_{t-m+1+j} Wq_j + bq_j.

`window_queries` forms all of them. Each item goes through all m matrices, which is one product of
full width, and the queries are a view of its result, so that no window is ever copied. `queries_at`
forms those of a few positions and copies their windows only.

Both take one matrix (1, D, D) and one bias (1, D) for the whole window as well as m of them.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from miqrec.nn.padding import take_rows


def window_queries(x: Tensor, weight: Tensor, bias: Tensor | None, window: int) -> Tensor:
    """Form the queries of every position.

    Args:
        x: Dummy items and items, (B, m - 1 + L, D).
        weight: (m, D, D) or (1, D, D).
        bias: (m, D) or (1, D), or none.
        window: m.

    Returns:
        Queries (m, B, L, D).
    """
    flat = None if bias is None else bias.flatten()
    projected = F.linear(x, weight.mT.flatten(0, 1), flat)  # (B, m - 1 + L, m * D)
    projected = projected.view(*x.shape[:2], weight.shape[0], -1)  # (B, m - 1 + L, m or 1, D)
    return slide(projected.expand(-1, -1, window, -1))


def queries_at(
    positions: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None, window: int
) -> Tensor:
    """Form the queries of some positions (B, n); the other arguments are `window_queries`'s.

    Returns:
        Queries (m, B, n, D).
    """
    rows = positions.unsqueeze(-1) + torch.arange(window, device=x.device)  # (B, n, m)
    windows = take_rows(x, rows.flatten(1)).view(*rows.shape, -1)  # (B, n, m, D)
    queries = torch.einsum("bnmd,mde->mbne", windows, weight.expand(window, -1, -1))
    return queries if bias is None else queries + bias[:, None, None]


def slide(projected: Tensor) -> Tensor:
    """Let position t have what stands at t + j for its j-th query.

    Autograd differentiates a view by strides slowly; here backward writes through the same view.
    `torch.compile` and `torch.export` get the loop over the m queries instead.

    Args:
        projected: Each item through all m matrices, (B, m - 1 + L, m, D).

    Returns:
        Queries (m, B, L, D): [j, b, t] is `projected[b, t + j, j]`.
    """
    if torch.compiler.is_compiling():
        length, m = projected.shape[1:3]
        return torch.stack([projected[:, j : length - m + 1 + j, j] for j in range(m)])
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
