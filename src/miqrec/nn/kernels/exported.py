"""Causal attention of m queries a position in a program that is exported, in blocks of positions.

A block is multiplied with the keys up to its end only, as in `miqrec.nn.kernels.blockwise`; PyTorch's own
kernel becomes products with all keys there, and half of them are masked. The number of blocks is fixed,
since a program has no loops; their size is a number that the program computes from the length.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

BLOCKS = 8
"""Four take as long for one sequence of 200 and longer for eight; two take longer."""


def exported_attention(queries: Tensor, keys: Tensor, values: Tensor, num_heads: int) -> Tensor:
    """Answer every query from the positions up to its own.

    Args:
        queries: (m, B, L, D).
        keys: (B, L, D).
        values: (B, L, D).
        num_heads: How many heads the D numbers are cut into.

    Returns:
        The answers (B, L, m, D), heads side by side, as `attend` returns them.
    """
    m, B, L, D = queries.shape
    n = _block_size(queries)  # positions of a block
    padding = (0, 0, 0, BLOCKS * n - L)
    heads = (num_heads, D // num_heads)
    q, k, v = (
        F.pad(x, padding).view(*x.shape[:-2], BLOCKS * n, *heads).transpose(-3, -2)
        for x in (queries, keys, values)
    )  # (m, B, heads, BLOCKS * n, d), and (B, heads, BLOCKS * n, d) twice
    q = q.permute(1, 2, 3, 0, 4) * heads[1] ** -0.5  # (B, heads, BLOCKS * n, m, d)
    later = torch.full((n, n), -torch.inf, dtype=q.dtype, device=q.device).triu(1)
    answers = []
    for block in range(BLOCKS):
        seen = (block + 1) * n
        rows = q.narrow(2, block * n, n).reshape(B, num_heads, n * m, -1)
        mask = F.pad(later, (block * n, 0)).repeat_interleave(m, 0)  # (n * m, seen)
        scores = rows @ k.narrow(2, 0, seen).mT + mask
        answers.append(scores.softmax(-1) @ v.narrow(2, 0, seen))  # (B, heads, n * m, d)
    joined = torch.cat(answers, 2).view(B, num_heads, BLOCKS * n, m, -1).narrow(2, 0, L)
    return joined.permute(0, 2, 3, 1, 4).flatten(3)


def _block_size(queries: Tensor) -> int:
    """Choose how many positions a block has, 2 at least: with 1 PyTorch would fix the size.

    The size is computed by the program, so that PyTorch takes it for a symbol of its own. Every length
    below is a multiple of this symbol, which PyTorch can reason about, unlike a rounded share of L.
    """
    L = queries.shape[2]
    positions = torch.ones(L, dtype=torch.int64, device=queries.device).sum()
    n: int = ((positions + BLOCKS - 1) // BLOCKS).clamp(min=2).item()  # type: ignore[assignment]
    torch._check(n >= 2)  # type: ignore[no-untyped-call]
    torch._check(n * BLOCKS >= L)  # type: ignore[no-untyped-call]
    return n
