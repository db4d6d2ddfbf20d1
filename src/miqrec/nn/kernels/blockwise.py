"""Causal attention of m queries on a CPU, whose own kernel does not know that they share keys.

The m queries of a position stand as rows of one matrix, and so do the positions of a block, which
makes the products large. Sequences go by a few at a time and their positions in blocks, so that a
block's scores stay in the cache; a block meets only the keys up to its end. Of long sequences
nothing of size (B, m, L, L) ever exists: backward forms a block's probabilities again, as flash
attention does (Dao et al., 2022, arXiv 2205.14135). Of short ones it is quicker to keep them. In
bfloat16 products are summed in float32 by the kernels that compute them and what they leave is
bfloat16; scores become probabilities in float32.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

QUERIES = 500
"""Queries in a block, at most; the fewer a position has, the more positions."""
CHUNK = 2**19
"""Scores that exist at a time, about."""
KEPT = 512
"""A query's scores (L a head) up to which its probabilities, half as many, are kept."""


def blockwise_attention(queries: Tensor, keys: Tensor, values: Tensor, num_heads: int) -> Tensor:
    """Answer every query from the positions up to its own.

    Args:
        queries: (m, B, L, D).
        keys: (B, L, D).
        values: (B, L, D).
        num_heads: Heads that the D numbers are cut into.

    Returns:
        The answers (B, L, m, D), heads side by side, as `attend` gives them.
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
                answers[block.place] = block.positions_first(answer)
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
        of_queries = queries.new_empty(B, L, m, heads, D // heads)
        of_keys, of_values = torch.zeros_like(keys), torch.zeros_like(values)
        for number, block in enumerate(_blocks(queries, heads)):
            asking, wanted = block.rows(queries), block.rows(gradient)
            attention = kept[number] if kept else _probabilities(asking, keys, block)
            of_values[block.seen].baddbmm_(attention.mT, wanted)
            of_attention = wanted @ values[block.seen].mT  # (c * heads, n * m, stop)
            of_scores = torch._softmax_backward_data(of_attention, attention, -1, attention.dtype)
            of_keys[block.seen].baddbmm_(of_scores.mT, asking)
            of_rows = of_scores @ keys[block.seen]
            of_queries[block.place] = block.positions_first(of_rows)
        of_keys *= _scale(D, heads)
        of_queries = of_queries.flatten(3).permute(2, 0, 1, 3)  # (m, B, L, D)
        return of_queries, _join(of_keys, heads), _join(of_values, heads), None


class _Block(NamedTuple):
    """The queries of some sequences from one position to another, and the keys up to its end."""

    sequences: slice
    positions: slice
    mask: Tensor  # (n * m, n), -inf for the block's own keys that come later than the query
    num_heads: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Where the answers belong in (B, L, m, heads, d)."""
        return self.sequences, self.positions

    @property
    def seen(self) -> tuple[slice, slice]:
        """Where the keys stand in (B * heads, L, d)."""
        first, last = self.sequences.start * self.num_heads, self.sequences.stop * self.num_heads
        return slice(first, last), slice(0, self.positions.stop)

    def rows(self, x: Tensor) -> Tensor:
        """The block of x (m, B, L, D), a row a query: (c * heads, n * m, d)."""
        x = x[:, self.sequences, self.positions]  # (m, c, n, D)
        m, c, n = x.shape[:3]
        x = x.reshape(m, c, n, self.num_heads, -1).permute(1, 3, 2, 0, 4)  # (c, heads, n, m, d)
        return x.reshape(c * self.num_heads, n * m, -1)

    def positions_first(self, rows: Tensor) -> Tensor:
        """Rows (c * heads, n * m, d) in the order of answers: (c, n, m, heads, d), a view."""
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
    """What is added to the scores that queries at `positions` give to keys there: (n * m, n)."""
    n, dtype = positions.stop - positions.start, torch.promote_types(like.dtype, torch.float32)
    mask = like.new_full((n, n), -torch.inf, dtype=dtype).triu(1)
    return mask.repeat_interleave(m, 0)


def _probabilities(asking: Tensor, keys: Tensor, block: _Block) -> Tensor:
    """Of the block's queries (c * heads, n * m, d) over the keys up to its end."""
    scores = asking @ keys[block.seen].mT  # (c * heads, n * m, stop)
    scores = scores.to(block.mask.dtype)
    scores[:, :, block.positions.start :] += block.mask
    return scores.softmax(-1).to(asking.dtype)


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
