"""Attention in which the m queries of a position share keys and values.

PyTorch's `scaled_dot_product_attention` does the work, one head at a time, with the m queries where
it expects heads. Keys and values are expanded to m with a stride of zero, so nothing is copied. (Its
option `enable_gqa` means the same, but some kernels refuse it: the CPU's in PyTorch 2.8 and CUDA's
in float32.) With m = 1 this is ordinary attention.

On a CPU, three cases of causal attention go through `blockwise_attention` instead:

- several queries: it takes three quarters of the kernel's time for ten queries at length 200, and
  as long as the kernel at length 50;
- one query in bfloat16, where the kernel takes twice its time in float32;
- one query in float32 where oneDNN multiplies matrices (`miqrec.system.matmul`), which makes the
  kernel slower and the products of the blocks faster.

Compiled layers always use PyTorch's kernel. Exported ones use it for one query, and
`exported_attention` for several.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from miqrec.nn.kernels.blockwise import blockwise_attention
from miqrec.nn.kernels.exported import exported_attention


def attend(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    num_heads: int,
    *,
    causal: bool,
    mask: Tensor | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """Answer every query from the keys that its position sees.

    Args:
        queries: (m, B, T, D).
        keys: (B, L, D).
        values: (B, L, D).
        num_heads: How many heads the D numbers are cut into.
        causal: Whether position t sees s <= t only, which needs T = L.
        mask: Which keys a position sees, (B or 1, heads or 1, T or 1, L): bool, true for what it
            sees, or float, added to the scores. All if not given. It excludes `causal`.
        dropout: The share of attention probabilities set to zero. Above 0 the CPU's kernel falls
            back to the textbook form, which builds all (B, m, T, L) probabilities.

    Returns:
        The answers (B, T, m, D), heads side by side.
    """
    m, B, T, D = queries.shape
    if causal and not dropout and _goes_blockwise(queries):
        return blockwise_attention(queries, keys, values, num_heads)
    if causal and m > 1 and torch.compiler.is_exporting():
        return exported_attention(queries, keys, values, num_heads)

    def kernel(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, mask, dropout, causal)

    if m == 1:
        shape = (B, -1, num_heads, D // num_heads)
        q, k, v = (x.view(shape).transpose(1, 2) for x in (queries[0], keys, values))
        return kernel(q, k, v, mask).transpose(1, 2).reshape(B, T, 1, D)
    expanded = (x.unsqueeze(1).expand(-1, m, -1, -1) for x in (keys, values))
    parts = (x.chunk(num_heads, -1) for x in (queries.transpose(0, 1), *expanded))
    answers = [
        kernel(q, k, v, seen).transpose(1, 2)
        for q, k, v, seen in zip(*parts, _split_mask(mask, num_heads), strict=True)
    ]  # (B, T, m, d) each
    return torch.cat(answers, -1)


def _goes_blockwise(queries: Tensor) -> bool:
    if queries.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    several, reduced = queries.shape[0] > 1, queries.dtype == torch.bfloat16
    return several or reduced or torch.get_float32_matmul_precision() != "highest"


def probabilities(
    queries: Tensor, keys: Tensor, num_heads: int, *, causal: bool, mask: Tensor | None = None
) -> Tensor:
    """Compute the probabilities that `attend` uses and never holds: (B, heads, T, m, L)."""
    m, B, T, _ = queries.shape
    L = keys.shape[1]
    queries = _split_queries(queries, num_heads)
    scores = queries @ _split_keys(keys, num_heads).mT * queries.shape[-1] ** -0.5
    scores = scores.view(B, num_heads, m, T, L).transpose(2, 3)  # (B, heads, T, m, L)
    if causal:
        later = torch.ones(T, L, dtype=torch.bool, device=keys.device).triu(1)
        scores = scores.masked_fill(later[:, None], -torch.inf)
    if mask is not None:
        bias = torch.where(mask, 0, -torch.inf) if mask.dtype == torch.bool else mask
        scores = scores + bias.unsqueeze(3)  # (B, heads, T, 1, L)
    attention: Tensor = scores.softmax(-1)
    return attention


def _split_mask(mask: Tensor | None, num_heads: int) -> Sequence[Tensor | None]:
    """Give each head its mask: (B or 1, heads or 1, T or 1, L) -> (B or 1, 1, T or 1, L) each."""
    if mask is None:
        return [None] * num_heads
    return mask.expand(-1, num_heads, -1, -1).chunk(num_heads, 1)


def _split_queries(queries: Tensor, num_heads: int) -> Tensor:
    """(m, B, T, D) -> (B * heads, m, T, d)."""
    m, B, T, _ = queries.shape
    queries = queries.view(m, B, T, num_heads, -1).permute(1, 3, 0, 2, 4)  # (B, heads, m, T, d)
    return queries.reshape(B * num_heads, m, T, -1)


def _split_keys(keys: Tensor, num_heads: int) -> Tensor:
    """(B, L, D) -> (B * heads, 1, L, d)."""
    B, L, _ = keys.shape
    return keys.view(B, L, num_heads, -1).transpose(1, 2).reshape(B * num_heads, 1, L, -1)
