"""Causal attention of m queries a position on a CPU, in blocks of positions.

PyTorch's own kernel does not know that the m queries share keys. Here all queries of a block are the
rows of one matrix, which makes the matrix products large, and a block is multiplied with the keys up
to its end only. A few sequences are processed at a time, so that the scores of a block stay in the
processor's cache.

For long sequences no tensor of size (B, m, L, L) ever exists: `backward` computes the probabilities
of a block again, as flash attention does (Dao et al., 2022, arXiv 2205.14135). For short sequences it
is faster to keep them.

In bfloat16 the matrix products add up in float32 and round their results to bfloat16, and the softmax
works in float32.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

QUERIES = 500
"""The largest number of queries in a block, which has `QUERIES / m` positions."""
CHUNK = 2**19
"""About how many scores exist at a time."""
KEPT = 512
"""Probabilities are kept for `backward` where heads x L is not above this."""


def blockwise_attention(queries: Tensor, keys: Tensor, values: Tensor, num_heads: int) -> Tensor:
    """Answer every query from the positions up to its own.

    Args:
        queries: (m, B, L, D).
        keys: (B, L, D).
        values: (B, L, D).
        num_heads: How many heads the D numbers are cut into.

    Returns:
        The answers (B, L, m, D), heads side by side, as `attend` returns them.
    """
    answers: Tensor = _Blockwise.apply(queries, keys, values, num_heads)  # type: ignore[no-untyped-call]
    return answers


class _Blockwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, values: Tensor, num_heads: int) -> Tensor:
        m, B, L, D = queries.shape
        k, v = _split(keys, num_heads) * _scale(D, num_heads), _split(values, num_heads)
        answers = queries.new_empty(B, L, m, num_heads, D // num_heads)
        keeps, kept = any(ctx.needs_input_grad) and num_heads * L <= KEPT, []
        with torch.autocast(queries.device.type, enabled=False):
            for block in _blocks(queries, num_heads):
                attention = _probabilities(block.rows(queries), k, block)
                answer = attention @ v[block.seen]  # (c * heads, n * m, d)
                answers[block.place] = block.unrows(answer)
                if keeps:
                    kept.append(attention)
        ctx.save_for_backward(queries, keys, values, *kept)
        ctx.num_heads = num_heads
        return answers.flatten(3)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        queries, keys, values, *kept = ctx.saved_tensors
        heads = ctx.num_heads
        m, B, L, D = queries.shape
        keys, values = _split(keys, heads) * _scale(D, heads), _split(values, heads)
        gradient = gradient.permute(2, 0, 1, 3)  # (m, B, L, D)
        grad_queries = queries.new_empty(B, L, m, heads, D // heads)
        grad_keys, grad_values = torch.zeros_like(keys), torch.zeros_like(values)
        for number, block in enumerate(_blocks(queries, heads)):
            q, grad_answers = block.rows(queries), block.rows(gradient)
            attention = kept[number] if kept else _probabilities(q, keys, block)
            grad_values[block.seen].baddbmm_(attention.mT, grad_answers)
            grad_attention = grad_answers @ values[block.seen].mT  # (c * heads, n * m, stop)
            grad_scores = torch._softmax_backward_data(
                grad_attention, attention, -1, attention.dtype
            )
            grad_keys[block.seen].baddbmm_(grad_scores.mT, q)
            grad_queries[block.place] = block.unrows(grad_scores @ keys[block.seen])
        grad_keys *= _scale(D, heads)
        grad_queries = grad_queries.flatten(3).permute(2, 0, 1, 3)  # (m, B, L, D)
        return grad_queries, _join(grad_keys, heads), _join(grad_values, heads), None


class _Block(NamedTuple):
    """The queries of c sequences at n positions, and the keys up to the last of these.

    Attributes:
        sequences: Which sequences, c of them.
        positions: Which positions, n of them.
        mask: What is added to the scores of the keys at `positions`, (n * m, n): -inf for keys that
            come later than the query, and 0 for the others.
        num_heads: How many heads there are.
    """

    sequences: slice
    positions: slice
    mask: Tensor
    num_heads: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Give the index of the block's answers in (B, L, m, heads, d)."""
        return self.sequences, self.positions

    @property
    def seen(self) -> tuple[slice, slice]:
        """Give the index of the keys that the block sees in (B * heads, L, d)."""
        first, last = self.sequences.start * self.num_heads, self.sequences.stop * self.num_heads
        return slice(first, last), slice(0, self.positions.stop)

    def rows(self, x: Tensor) -> Tensor:
        """Take the block out of x (m, B, L, D), one row for each query: (c * heads, n * m, d)."""
        x = x[:, self.sequences, self.positions]  # (m, c, n, D)
        m, c, n = x.shape[:3]
        x = x.reshape(m, c, n, self.num_heads, -1).permute(1, 3, 2, 0, 4)  # (c, heads, n, m, d)
        return x.reshape(c * self.num_heads, n * m, -1)

    def unrows(self, rows: Tensor) -> Tensor:
        """View rows (c * heads, n * m, d) in the order of answers, (c, n, m, heads, d)."""
        n = self.positions.stop - self.positions.start
        rows = rows.view(-1, self.num_heads, n, rows.shape[1] // n, rows.shape[2])
        return rows.permute(0, 2, 3, 1, 4)


def _blocks(queries: Tensor, num_heads: int) -> Iterator[_Block]:
    m, B, L, _ = queries.shape
    n = -(-L // -(-L * m // QUERIES))  # of about equal size
    chunk = max(1, CHUNK // (num_heads * m * n * L))
    for start in range(0, L, n):
        positions = slice(start, min(start + n, L))
        mask = _mask(positions, m, queries)
        for first in range(0, B, chunk):
            yield _Block(slice(first, min(first + chunk, B)), positions, mask, num_heads)


def _mask(positions: slice, m: int, like: Tensor) -> Tensor:
    """Make a block's mask: (n * m, n)."""
    n, dtype = positions.stop - positions.start, torch.promote_types(like.dtype, torch.float32)
    mask = like.new_full((n, n), -torch.inf, dtype=dtype).triu(1)
    return mask.repeat_interleave(m, 0)


def _probabilities(q: Tensor, keys: Tensor, block: _Block) -> Tensor:
    """Compute the probabilities of a block's queries, (c * heads, n * m, d) -> (c * heads, n * m, stop)."""
    scores = q @ keys[block.seen].mT
    scores = scores.to(block.mask.dtype)
    scores[:, :, block.positions.start :] += block.mask
    return scores.softmax(-1).to(q.dtype)


def _scale(width: int, num_heads: int) -> float:
    return float((width // num_heads) ** -0.5)


def _split(x: Tensor, num_heads: int) -> Tensor:
    """(B, L, D) -> (B * heads, L, d)."""
    B, L, _ = x.shape
    return x.view(B, L, num_heads, -1).transpose(1, 2).reshape(B * num_heads, L, -1)


def _join(x: Tensor, num_heads: int) -> Tensor:
    """(B * heads, L, d) -> (B, L, D)."""
    _, L, d = x.shape
    return x.view(-1, num_heads, L, d).transpose(1, 2).reshape(-1, L, num_heads * d)
