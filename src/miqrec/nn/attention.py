r"""Causal self-attention, and Multi-Item-Query attention (MIQ-Attn) as its drop-in replacement.

Both layers take inputs x_1..x_L of D numbers each and return as many outputs F_1..F_L.

`CausalSelfAttention` asks one question at each position (Vaswani et al., 2017):

    q_t = x_t Wq + bq,   k_s = x_s Wk + bk,   v_s = x_s Wv + bv
    o_t = concat over heads of softmax_s(q_t . k_s / sqrt(D / heads)) v_s,   s <= t
    F_t = o_t Wo + bo

`MultiItemQueryAttention` asks m questions, one from each of the last m items, and then attends over
the m answers (Xu, Zhu and Ng, 2025, section 2). Learned dummy items d_1..d_{m-1} stand before x_1:

    q_{t,j} = x_{t-m+1+j} Wq_j + bq_j                j = 0..m-1; j = m-1 is the newest item
    k_s = x_s Wk + bk,   v_s = x_s Wv + bv           shared by all m queries
    o_{t,j} = concat over heads of softmax_s(q_{t,j} . k_s / sqrt(D / heads)) v_s,   s <= t
    A_t = softmax along rows of (O_t Wpq + bpq)(O_t Wpk)^T / sqrt(D),   O_t = rows o_{t,0..m-1}
    alpha_t = mean of A_t's rows ("mean"), or its last row ("last")
    F_t = sum_j alpha_{t,j} (o_{t,j} Wpv + bpv)

| symbol        | parameter                              | shape             |
|---------------|----------------------------------------|-------------------|
| Wq, bq        | `query_weight`, `query_bias`           | (m, D, D), (m, D) |
| d             | `dummy_items`, row i is d_{i+1}        | (m - 1, D)        |
| Wk, Wv        | `key`, `value`                         | `nn.Linear(D, D)` |
| Wpq, Wpk, Wpv | `pool_query`, `pool_key`, `pool_value` | `nn.Linear(D, D)` |

Wpk has no bias: it would add the same number to a whole row of A_t's scores, which a softmax ignores.

`forward` takes these steps in this order. `miqrec.nn.kernels` makes them fast; the results differ
from the formula's by rounding alone.

Departures from the paper:

- Its equation lists m + 1 items in a window, its text and its figure m. This layer takes m.
- It adds dummy items to the sequence without naming the layer. Here each layer learns its own, so
  that the layer stays a drop-in replacement, and dummy items ask questions but are never keys.
- Its equation keeps d_1 first in every window that reaches beyond x_1. Here the window slides over
  the dummy items, so that the window of x_1 is d_1..d_{m-1}, x_1, and the distance of a dummy item
  to x_1 is fixed. As a consequence d_1 asks at x_1 only. A causal layer answers v_1 there, whatever
  the question, so the gradient of d_1 is zero unless `causal=False`.
- It computes an m x m table of weights and uses one vector. `pooling` names the ways to get one.
- Its softmax puts W_K on the rows. This layer does the same with the names exchanged.
"""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.nn.choices import Pooling
from miqrec.nn.kernels.attend import attend, probabilities
from miqrec.nn.kernels.look_up import look_up
from miqrec.nn.kernels.pool import answer_weights
from miqrec.nn.kernels.windows import queries_at, window_queries
from miqrec.nn.padding import newest, newest_positions, pack, packed_places, take_rows, valid


class QueryWeights(NamedTuple):
    """What a layer attended to: `pooling` (B, L, m) and `attention` (B, heads, L, m, L)."""

    pooling: Tensor
    attention: Tensor


class Attention(nn.Module, ABC):
    """What the blocks ask of an attention layer; derive from it to bring one of your own.

    Attributes:
        causal: Whether a position sees no later ones. S3-Rec's pre-training switches it; a layer for
            other models need not have it.
    """

    causal: bool

    def __init_subclass__(cls, **options: Any) -> None:
        """Let a subclass that changes `forward` alone take `last` from that `forward`."""
        super().__init_subclass__(**options)
        if "forward" in vars(cls) and "last" not in vars(cls):
            cls.last = Attention.last  # type: ignore[method-assign]

    @abstractmethod
    def forward(
        self, query: Tensor, key_value: Tensor | None = None, *, lengths: Tensor | None = None
    ) -> Any:
        """Attend at every position.

        Args:
            query: What the queries are made of, (B, L, D), padded on the right.
            key_value: What the keys and values are made of, (B, L, D); `query` if not given.
            lengths: How many positions of each row are valid, (B,); all if not given.

        Returns:
            Outputs (B, L, D). Padding must not change an output at a valid position.
        """

    def last(
        self, query: Tensor, key_value: Tensor | None = None, *, lengths: Tensor, n: int = 1
    ) -> Tensor:
        """Attend at the newest `n` valid positions of each row: (B, n, D), newest first.

        This one computes all positions and selects; a layer that can do with less overrides it.

        Returns:
            The rows of `forward` at `newest_positions(lengths, n)`. Where a row has fewer than `n`
            valid positions, the first one's output repeats.
        """
        return newest(self(query, key_value, lengths=lengths), lengths, n)


class CausalSelfAttention(Attention):
    """Multi-head self-attention that asks from the newest item alone (the first formula above).

    Args:
        embed_dim: D, the width of inputs and outputs.
        num_heads: How many heads D is cut into.
        causal: Whether a position sees no later ones; an attribute that may be switched. Without it
            every position sees all valid ones.
        dropout: The share of attention probabilities set to zero in training.
        bias: Whether the projections have biases.

    Raises:
        MiqrecError: If `num_heads` does not divide `embed_dim`.
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
        super().__init__()
        _check_heads(embed_dim, num_heads)
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.causal, self.dropout = causal, dropout
        self.key = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.value = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.query = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.out = nn.Linear(embed_dim, embed_dim, bias=bias)

    def forward(
        self,
        query: Tensor,
        key_value: Tensor | None = None,
        *,
        lengths: Tensor | None = None,
        padding: Tensor | None = None,
        need_weights: bool = False,
    ) -> Tensor | tuple[Tensor, QueryWeights]:
        """Attend at every position; arguments and results are `MultiItemQueryAttention`'s."""
        inputs = query, key_value, lengths, padding
        query, key_value, lengths = _right_padded(*inputs, width=self.embed_dim)
        mask = None if self.causal else _key_mask(lengths, query.shape[1])
        dropout = self.dropout if self.training else 0.0

        q = self.query(query).unsqueeze(0)  # (1, B, L, D)
        k, v = self.key(key_value), self.value(key_value)  # (B, L, D) each
        o = attend(
            q, k, v, self.num_heads, causal=self.causal, mask=mask, dropout=dropout
        )  # (B, L, 1, D)
        output = self.out(o.squeeze(2))  # (B, L, D)

        weights = None
        if need_weights:
            attention = probabilities(q, k, self.num_heads, causal=self.causal, mask=mask)
            weights = QueryWeights(o.new_ones(o.shape[:3]), attention)
        return _results(output, weights, padding)

    def last(
        self,
        query: Tensor,
        key_value: Tensor | None = None,
        *,
        lengths: Tensor | None = None,
        padding: Tensor | None = None,
        n: int = 1,
    ) -> Tensor:
        """Attend at the newest `n` valid positions of each row: (B, n, D), newest first."""
        inputs = query, key_value, lengths, padding
        query, key_value, lengths = _right_padded(*inputs, width=self.embed_dim)
        lengths = _all_valid(query) if lengths is None else lengths
        positions = newest_positions(lengths, n)  # (B, n)
        visible = _visible_from(positions, lengths, query.shape[1], causal=self.causal)
        dropout = self.dropout if self.training else 0.0

        q = self.query(take_rows(query, positions)).unsqueeze(0)  # (1, B, n, D)
        o = look_up(
            q, key_value, self.key, self.value, self.num_heads, visible=visible, dropout=dropout
        )  # (B, n, 1, D)
        output: Tensor = self.out(o.squeeze(2))  # (B, n, D)
        return output


class MultiItemQueryAttention(Attention):
    """Multi-head self-attention that asks from each of the last `window` items (the second formula).

    With `window=1` it is `CausalSelfAttention` with `pool_value` as its output projection.

    Args:
        embed_dim: D, the width of inputs and outputs.
        num_heads: How many heads D is cut into.
        window: m, how many of the newest items ask; it may exceed the sequence's length.
        causal: Whether a position sees no later ones; an attribute that may be switched. Without it
            every query of a window sees all valid positions.
        dropout: The share of attention probabilities set to zero in training.
        pooling: Which view of the answers counts: the "mean" of all queries', or that of the
            "last" query, which is the newest item's.
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
        super().__init__()
        _check_heads(embed_dim, num_heads)
        _check_window(window, pooling)
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.causal, self.dropout = causal, dropout
        self.window, self.pooling = window, pooling
        self.key = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.value = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.query_weight = nn.Parameter(torch.empty(window, embed_dim, embed_dim))
        self.query_bias = nn.Parameter(torch.empty(window, embed_dim)) if bias else None
        self.dummy_items = nn.Parameter(torch.empty(window - 1, embed_dim)) if window > 1 else None
        if window > 1:
            self.pool_query = nn.Linear(embed_dim, embed_dim, bias=bias)
            self.pool_key = nn.Linear(embed_dim, embed_dim, bias=False)
        self.pool_value = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.reset_parameters()
        self.register_load_state_dict_pre_hook(_drop_pool_key_bias)  # type: ignore[no-untyped-call]

    def reset_parameters(self) -> None:
        """Start each query matrix as an `nn.Linear`, dummy items at the scale of normalised inputs."""
        bound = self.embed_dim**-0.5
        nn.init.uniform_(self.query_weight, -bound, bound)
        if self.query_bias is not None:
            nn.init.uniform_(self.query_bias, -bound, bound)
        if self.dummy_items is not None:
            nn.init.normal_(self.dummy_items)

    def forward(
        self,
        query: Tensor,
        key_value: Tensor | None = None,
        *,
        lengths: Tensor | None = None,
        padding: Tensor | None = None,
        need_weights: bool = False,
    ) -> Tensor | tuple[Tensor, QueryWeights]:
        """Attend at every position.

        Args:
            query: What queries are made of, (B, L, D). SASRec normalises these inputs only.
            key_value: What keys and values are made of, (B, L, D); `query` if not given.
            lengths: How many positions of each row are valid, (B,), padding behind; all if not given.
            padding: Which positions are padding, (B, L) bool, wherever they stand; instead of
                `lengths`. Dummy items stand directly before the first valid position.
            need_weights: Whether to compute `QueryWeights` too.

        Returns:
            Outputs (B, L, D), or a pair of outputs and weights. At padding they mean nothing.

        Raises:
            MiqrecError: If the shapes do not fit, or `lengths` and `padding` are both given.
        """
        inputs = query, key_value, lengths, padding
        query, key_value, lengths = _right_padded(*inputs, width=self.embed_dim)
        mask = None if self.causal else _key_mask(lengths, query.shape[1])
        dropout = self.dropout if self.training else 0.0

        x = self.with_dummies(query)  # (B, m - 1 + L, D)
        q = window_queries(x, self.query_weight, self.query_bias, self.window)  # (m, B, L, D)
        k, v = self.key(key_value), self.value(key_value)  # (B, L, D) each
        o = attend(
            q, k, v, self.num_heads, causal=self.causal, mask=mask, dropout=dropout
        )  # (B, L, m, D)
        alpha = self.weigh(o)  # (B, L, m)
        pooled = (alpha.unsqueeze(-2) @ o).squeeze(-2)  # (B, L, D)
        output = self.pool_value(pooled)  # (B, L, D); Wpv may come last, since alpha sums to 1

        weights = None
        if need_weights:
            attention = probabilities(q, k, self.num_heads, causal=self.causal, mask=mask)
            weights = QueryWeights(alpha, attention)
        return _results(output, weights, padding)

    def last(
        self,
        query: Tensor,
        key_value: Tensor | None = None,
        *,
        lengths: Tensor | None = None,
        padding: Tensor | None = None,
        n: int = 1,
    ) -> Tensor:
        """Attend at the newest `n` valid positions of each row: (B, n, D), newest first.

        The other arguments are `forward`'s.
        """
        inputs = query, key_value, lengths, padding
        query, key_value, lengths = _right_padded(*inputs, width=self.embed_dim)
        lengths = _all_valid(query) if lengths is None else lengths
        positions = newest_positions(lengths, n)  # (B, n)
        visible = _visible_from(positions, lengths, query.shape[1], causal=self.causal)
        dropout = self.dropout if self.training else 0.0

        x = self.with_dummies(query)  # (B, m - 1 + L, D)
        q = queries_at(  # (m, B, n, D)
            positions, x, self.query_weight, self.query_bias, self.window
        )
        o = look_up(
            q, key_value, self.key, self.value, self.num_heads, visible=visible, dropout=dropout
        )  # (B, n, m, D)
        alpha = self.weigh(o)  # (B, n, m)
        pooled = (alpha.unsqueeze(-2) @ o).squeeze(-2)  # (B, n, D)
        output: Tensor = self.pool_value(pooled)
        return output

    def with_dummies(self, query: Tensor) -> Tensor:
        """Put the dummy items before x_1..x_L: (B, L, D) -> (B, m - 1 + L, D)."""
        if self.dummy_items is None:
            return query
        dummies = self.dummy_items.to(query.dtype).expand(query.shape[0], -1, -1)
        return torch.cat([dummies, query], 1)

    def weigh(self, answers: Tensor) -> Tensor:
        """Compute alpha from the answers: (B, T, m, D) -> (B, T, m)."""
        if self.window == 1:
            return answers.new_ones(answers.shape[:3])
        return answer_weights(answers, self.pool_query, self.pool_key, self.pooling)


def _key_mask(lengths: Tensor | None, length: int) -> Tensor | None:
    """Mark the valid keys, which every position sees: (B, 1, 1, L) bool, or none if all are valid."""
    return None if lengths is None else valid(lengths, length)[:, None, None]


def _visible_from(positions: Tensor, lengths: Tensor, length: int, *, causal: bool) -> Tensor:
    """Mark the keys that positions (B, n) see: (B, n, L) bool."""
    ends = positions + 1 if causal else lengths.unsqueeze(-1).expand_as(positions)
    return valid(ends, length)


def _all_valid(query: Tensor) -> Tensor:
    """Give the lengths (B,) of rows (B, L, D) without padding."""
    return torch.full(query.shape[:1], query.shape[1], device=query.device)


def _right_padded(
    query: Tensor,
    key_value: Tensor | None,
    lengths: Tensor | None,
    padding: Tensor | None,
    *,
    width: int,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Check the inputs, and move padding that may stand anywhere behind the valid positions."""
    key_value = query if key_value is None else key_value
    _check_inputs(query, key_value, lengths, padding, width)
    if padding is None:
        return query, key_value, lengths
    places = packed_places(padding)
    return pack(query, places), pack(key_value, places), (~padding).sum(1)


def _results(
    output: Tensor, weights: QueryWeights | None, padding: Tensor | None
) -> Tensor | tuple[Tensor, QueryWeights]:
    """Undo what `_right_padded` did to the order of positions, and return what was asked for."""
    if padding is not None:
        places = packed_places(padding)
        output = take_rows(output, places)
        weights = None if weights is None else _moved_back(weights, places)
    return output if weights is None else (output, weights)


def _moved_back(weights: QueryWeights, places: Tensor) -> QueryWeights:
    attention = weights.attention  # (B, heads, L, m, L)
    attention = attention.gather(2, places[:, None, :, None, None].expand_as(attention))
    attention = attention.gather(4, places[:, None, None, None, :].expand_as(attention))
    return QueryWeights(take_rows(weights.pooling, places), attention)


def _drop_pool_key_bias(layer: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Drop a bias of `pool_key` that an older saved model holds; it never had an effect."""
    if "pool_key.bias" not in dict(layer.named_parameters()):
        state.pop(f"{prefix}pool_key.bias", None)


def _check_heads(embed_dim: int, num_heads: int) -> None:
    if num_heads < 1 or embed_dim % num_heads:
        raise MiqrecError(
            f"embed_dim {embed_dim} cannot be cut into {num_heads} heads of equal width; "
            "choose a number of heads that divides it"
        )


def _check_window(window: int, pooling: str) -> None:
    if window < 1:
        raise MiqrecError(
            f"window is {window}, but at least the newest item must ask: use 1 or more"
        )
    if pooling not in get_args(Pooling):
        raise MiqrecError(f"unknown pooling {pooling!r}: use one of {', '.join(get_args(Pooling))}")


def _check_inputs(
    query: Tensor, key_value: Tensor, lengths: Tensor | None, padding: Tensor | None, width: int
) -> None:
    if query.dim() != 3 or query.shape[-1] != width or query.shape != key_value.shape:
        raise MiqrecError(
            f"attention of width {width} takes query and key_value of one shape (B, L, {width}), "
            f"but was given {tuple(query.shape)} and {tuple(key_value.shape)}"
        )
    if lengths is not None and padding is not None:
        raise MiqrecError("lengths and padding say the same in two ways: give one of them")
    if lengths is not None and lengths.shape != query.shape[:1]:
        raise MiqrecError(
            f"lengths must have one entry for each of the {query.shape[0]} sequences of an input "
            f"(B, L, D), batch first, but has shape {tuple(lengths.shape)}"
        )
    if padding is not None and (padding.shape != query.shape[:2] or padding.dtype != torch.bool):
        raise MiqrecError(
            f"padding must be bool and of shape {tuple(query.shape[:2])} for an input (B, L, D), "
            f"batch first, but is {padding.dtype} and of shape {tuple(padding.shape)}"
        )
