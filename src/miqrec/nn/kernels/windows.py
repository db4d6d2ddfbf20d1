"""The queries of sliding windows: q_{t,j} = x_{t-m+1+j} Wq_j + bq_j.

`window_queries` forms all of them. Each item goes through all m matrices, which is one product of
full width, and the queries are a view of its result, so that no window is ever copied. `queries_at`
forms those of a few positions and copies their windows only. `queries_of` forms those of windows that
are given, such as `visible_windows`, in which a position has only items that it may see.

All take one matrix (1, D, D) and one bias (1, D) for the whole window as well as m of them.
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
    return queries_of(rows, x, weight, bias)


def queries_of(rows: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Form the queries of windows that are given as rows (B, n, m) of x, the newest item's last.

    The other arguments are `window_queries`'s.

    Returns:
        Queries (m, B, n, D).
    """
    windows = take_rows(x, rows.flatten(1)).view(*rows.shape, -1)  # (B, n, m, D)
    queries = torch.einsum("bnmd,mde->mbne", windows, weight.expand(rows.shape[-1], -1, -1))
    return queries if bias is None else queries + bias[:, None, None]


def visible_windows(visible: Tensor, window: int) -> Tensor:
    """Choose each position's window: itself, and before it the newest items that it may see.

    Dummy items stand directly before the first item that the position may see.

    Args:
        visible: Which positions (last axis) a position may see, (B, L, L) bool.
        window: m.

    Returns:
        Windows (B, L, m) as rows of dummy items and items, as `queries_of` takes them.
    """
    m, L = window, visible.shape[-1]
    positions = torch.arange(L, device=visible.device)
    earlier = visible & (positions < positions[:, None])
    candidates = F.pad(torch.where(earlier, positions, -1), (m - 1, 0), value=-1)
    older = candidates.topk(
        m - 1, -1
    ).values  # (B, L, m - 1), the newest first; -1 where none is left
    steps_before_first = (older < 0).cumsum(-1)
    older = torch.where(older < 0, -steps_before_first, older)
    newest = positions[:, None].expand(*older.shape[:2], 1)
    return m - 1 + torch.cat([older.flip(-1), newest], -1)


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
