"""Attention of a few positions without keys and values.

For each head, with matrices Wk and Wv (D, d), inputs x_s, a query q and its probabilities p_s:

    q . (x_s Wk + bk) = (q Wk^T) . x_s + q . bk
    sum_s p_s (x_s Wv + bv) = (sum_s p_s x_s) Wv + (sum_s p_s) bv

So each query is multiplied with Wk once and each average of inputs with Wv once, whereas keys and
values take two products for each of the L inputs. For n positions of m queries this is less work up
to about n m (heads - 1) = D.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def look_up(
    queries: Tensor,
    x: Tensor,
    key: nn.Linear,
    value: nn.Linear,
    num_heads: int,
    *,
    visible: Tensor,
    dropout: float = 0.0,
) -> Tensor:
    """Answer queries from the inputs that each position sees.

    Args:
        queries: (m, B, n, D).
        x: What keys and values would be made of, (B, L, D).
        key: Wk and bk.
        value: Wv and bv.
        num_heads: How many heads the D numbers are cut into.
        visible: Which inputs a position sees, (B, n, L) bool, at least one.
        dropout: The share of attention probabilities set to zero.

    Returns:
        The answers (B, n, m, D), heads side by side.
    """
    m, B, n, D = queries.shape
    queries = queries.reshape(m, B, n, num_heads, -1)
    Wk, Wv = (layer.weight.view(num_heads, -1, D) for layer in (key, value))  # (heads, d, D)
    folded = torch.einsum("mbnhd,hde->bnmhe", queries, Wk)  # (B, n, m, heads, D)
    scores = folded.flatten(1, 3) @ x.mT  # (B, n * m * heads, L)
    if key.bias is not None:
        bk = key.bias.view(num_heads, -1)
        scores = scores + torch.einsum("mbnhd,hd->bnmh", queries, bk).flatten(1).unsqueeze(-1)
    # rows are chosen by number, since torch.export can't repeat them for every length
    rows = torch.arange(n, device=x.device).repeat_interleave(m * num_heads)
    hidden = ~visible.index_select(1, rows)
    scores = (scores * (D // num_heads) ** -0.5).masked_fill(hidden, -torch.inf)
    attention = F.dropout(scores.softmax(-1), dropout)
    averages = (attention @ x).view(B, n, m, num_heads, D)
    answers = torch.einsum("bnmhe,hde->bnmhd", averages, Wv)  # (B, n, m, heads, d)
    if value.bias is not None:
        shares = attention.sum(-1).view(B, n, m, num_heads, 1)  # 1 but for dropout
        answers = answers + shares * value.bias.view(num_heads, -1)
    return answers.flatten(3)
