r"""Causal self-attention, and Multi-Item-Query attention (MIQ-Attn) as its drop-in replacement.

Both take layer inputs x_1..x_L (D numbers each) and return as many outputs.

`CausalSelfAttention` asks one question at each position (Vaswani et al., 2017):

    F_t = (concat over heads of softmax_s(q_t . k_s / sqrt(D / heads)) v_s) Wo + bo,    s <= t

`MultiItemQueryAttention` (Xu, Zhu and Ng, 2025, section 2) asks m, one from each of the last m
items, and then attends over the answers. Learned dummy items d_1..d_{m-1} stand before x_1:

    q_{t,j} = x_{t-m+1+j} Wq_j + bq_j                j = 0..m-1; j = m-1 is the newest item
    k_s = x_s Wk + bk,   v_s = x_s Wv + bv           shared by all m queries
    o_{t,j} = concat over heads of softmax_s(q_{t,j} . k_s / sqrt(D / heads)) v_s,   s <= t
    A_t = softmax along rows of (O_t Wpq + bpq)(O_t Wpk + bpk)^T / sqrt(D),   O_t = rows o_{t,j}
    alpha_t = mean of A_t's rows ("mean"), or its last row ("last")
    F_t = sum_j alpha_{t,j} (o_{t,j} Wpv + bpv)

| symbol        | parameter                              | shape              |
|---------------|----------------------------------------|--------------------|
| Wq, bq        | `query_weight`, `query_bias`           | (m, D, D), (m, D)  |
| d             | `dummy_items`, row i is d_{i+1}        | (m - 1, D)         |
| Wk, Wv        | `key`, `value`                         | `nn.Linear(D, D)`  |
| Wpq, Wpk, Wpv | `pool_query`, `pool_key`, `pool_value` | `nn.Linear(D, D)`  |

Four rewritings make it fast and change nothing but rounding. Each position goes through all m query
matrices in one product, and a window's queries are a view of it. They share keys and values, so
one attention call answers them all. Of the product in A_t only what varies along a row survives
the softmax: (o_i M + c) . o_j with M = Wpq Wpk^T and c = bpq Wpk^T; so bpk never gets a gradient.
And because alpha sums to 1, Wpv is applied once, after the sum over j.

Departures from the paper: its equation lists m + 1 items in a window, its text and figure m; we
take m. It adds dummy items to the sequence without saying where; here each layer learns its own,
they only ask, and they slide (the window of x_1 is d_1..d_{m-1}, x_1) where its equation keeps d_1
first. (So d_1 asks at x_1 alone, which a causal layer answers with v_1 whatever the question: only
a layer with `causal=False` can teach it.) Of its m x m table of weights a step uses one vector;
`pooling` names the ways to get it. Its softmax puts W_K on the rows; ours is the same with the
names swapped.
"""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.nn.kernels.slide import slide
from miqrec.nn.shared_keys import QueryWeights, SharedKeyAttention

__all__ = ["CausalSelfAttention", "MultiItemQueryAttention", "Pooling", "QueryWeights"]

Pooling = Literal["mean", "last"]


class CausalSelfAttention(SharedKeyAttention):
    """Multi-head self-attention that asks from the newest item alone.

    Arguments and errors are those of `SharedKeyAttention`.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        causal: bool = True,
        dropout: float = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__(embed_dim, num_heads, causal=causal, dropout=dropout, bias=bias)
        self.query = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.out = nn.Linear(embed_dim, embed_dim, bias=bias)

    def ask(self, query: Tensor) -> Tensor:
        """Form one query a position: (B, L, D) -> (1, B, L, D)."""
        queries: Tensor = self.query(query)
        return queries.unsqueeze(0)

    def ask_at(self, query: Tensor, positions: Tensor) -> Tensor:
        """Form one query at each of `positions` (B, n): (B, L, D) -> (1, B, n, D)."""
        queries: Tensor = self.query(query.take_along_dim(positions.unsqueeze(-1), 1))
        return queries.unsqueeze(0)

    def combine(self, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Project the one answer: (B, T, 1, D) -> (B, T, D), and weights of 1 (B, T, 1)."""
        return self.out(answers.squeeze(2)), answers.new_ones(answers.shape[:3])


class MultiItemQueryAttention(SharedKeyAttention):
    """Multi-head self-attention that asks from each of the last `window` items (the formula above).

    With `window=1` it is `CausalSelfAttention` with `pool_value` as output projection.

    Args:
        embed_dim: D, the width of inputs and outputs.
        num_heads: Heads that D is cut into.
        window: m, how many of the newest items ask; may exceed the sequence's length.
        causal: Whether positions see no later ones; an attribute that may be switched. Without it
            the window's queries see all positions before `lengths`.
        dropout: The share of attention probabilities set to zero in training.
        pooling: Whose view of the answers counts, "mean" of all queries or "last", the newest.
        bias: Whether the projections have biases.

    Raises:
        MiqrecError: If `num_heads` does not divide `embed_dim`, `window` is below 1, or `pooling`
            is unknown.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        window: int,
        *,
        causal: bool = True,
        dropout: float = 0.0,
        pooling: Pooling = "mean",
        bias: bool = True,
    ) -> None:
        super().__init__(embed_dim, num_heads, causal=causal, dropout=dropout, bias=bias)
        if window < 1:
            raise MiqrecError(
                f"window is {window}, but at least the newest item must ask: use 1 or more"
            )
        if pooling not in get_args(Pooling):
            raise MiqrecError(
                f"unknown pooling {pooling!r}: use one of {', '.join(get_args(Pooling))}"
            )
        self.window, self.pooling = window, pooling
        self.query_weight = nn.Parameter(torch.empty(window, embed_dim, embed_dim))
        self.query_bias = nn.Parameter(torch.empty(window, embed_dim)) if bias else None
        self.dummy_items = nn.Parameter(torch.empty(window - 1, embed_dim)) if window > 1 else None
        if window > 1:
            self.pool_query = nn.Linear(embed_dim, embed_dim, bias=bias)
            self.pool_key = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.pool_value = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start each query matrix as an `nn.Linear`, dummies at the scale of normalised inputs."""
        bound = self.embed_dim**-0.5
        nn.init.uniform_(self.query_weight, -bound, bound)
        if self.query_bias is not None:
            nn.init.uniform_(self.query_bias, -bound, bound)
        if self.dummy_items is not None:
            nn.init.normal_(self.dummy_items)

    def ask(self, query: Tensor) -> Tensor:
        """Form each position's queries from its window: (B, L, D) -> (m, B, L, D)."""
        weight, bias = self.questions()
        weight = weight.mT.flatten(0, 1)  # (m * D, D), as F.linear reads it
        bias = None if bias is None else bias.flatten()
        projected = F.linear(self.with_dummies(query), weight, bias)  # (B, L + m - 1, m * D)
        return slide(projected.view(*projected.shape[:2], self.window, -1))

    def ask_at(self, query: Tensor, positions: Tensor) -> Tensor:
        """Form the queries of `positions` (B, n) from their windows: (B, L, D) -> (m, B, n, D)."""
        rows = positions.unsqueeze(-1) + torch.arange(self.window, device=query.device)  # (B, n, m)
        windows = self.with_dummies(query).take_along_dim(rows.flatten(1).unsqueeze(-1), 1)
        windows = windows.view(*rows.shape, -1)  # (B, n, m, D)
        weight, bias = self.questions()
        queries = torch.einsum("bnmd,mde->mbne", windows, weight)
        return queries if bias is None else queries + bias[:, None, None]

    def combine(self, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the answers: (B, T, m, D) -> (B, T, D), and their weights (B, T, m)."""
        alpha = self.weigh(answers)  # (B, T, m)
        pooled = (alpha.unsqueeze(-2) @ answers).squeeze(-2)  # (B, T, D)
        return self.pool_value(pooled), alpha

    def questions(self) -> tuple[Tensor, Tensor | None]:
        """Give the window's query matrices and biases, (m, D, D) and (m, D)."""
        return self.query_weight, self.query_bias

    def with_dummies(self, query: Tensor) -> Tensor:
        """Put the dummy items before x_1..x_L: (B, L, D) -> (B, L + m - 1, D)."""
        if self.dummy_items is None:
            return query
        dummies = self.dummy_items.to(query.dtype).expand(len(query), -1, -1)
        return torch.cat([dummies, query], 1)

    def weigh(self, answers: Tensor) -> Tensor:
        """Find alpha for the answers: (B, T, m, D) -> (B, T, m)."""
        if self.window == 1:
            return answers.new_ones(answers.shape[:3])
        Wq, Wk, scale = self.pool_query, self.pool_key, self.embed_dim**-0.5
        M = Wk.weight.T @ Wq.weight * scale  # (D, D), as F.linear reads it
        c = None if Wq.bias is None else Wq.bias @ Wk.weight * scale  # (D,)
        asking = answers if self.pooling == "mean" else answers[:, :, -1:]
        scores = answers @ F.linear(asking, M, c).mT  # (B, T, m, m or 1), A^T up to its softmax:
        alpha: Tensor = scores.softmax(-2).mean(-1)  # the CPU is slow along a short last dimension
        return alpha
