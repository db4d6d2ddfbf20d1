"""Attention in which m queries a position share keys and values: what every layer here is made of.

One call answers all m: heads join the batch, and the queries take the place of heads, over keys and
values repeated with a stride of zero, so that nothing is copied m times and the causal kernels of
`scaled_dot_product_attention` apply. `m = 1` is ordinary multi-head attention.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.nn.padding import valid


class QueryWeights(NamedTuple):
    """What a layer looked at: `pooling` (B, L, m) and `attention` (B, heads, L, m, L)."""

    pooling: Tensor
    attention: Tensor


class SharedKeyAttention(nn.Module, ABC):
    """Keys, values and who may see whom; subclasses say what is asked and how answers are combined.

    Args:
        embed_dim: D, the width of inputs and outputs.
        num_heads: Heads that D is cut into.
        causal: Whether positions see no later ones. An attribute that may be switched: the weights
            stay the same. Where it is off, all positions before `lengths` are seen.
        dropout: The share of attention probabilities set to zero in training.
        bias: Whether the projections have biases.

    Raises:
        MiqrecError: If `num_heads` does not divide `embed_dim`.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, *, causal: bool, dropout: float, bias: bool
    ) -> None:
        super().__init__()
        if num_heads < 1 or embed_dim % num_heads:
            raise MiqrecError(
                f"embed_dim {embed_dim} cannot be cut into {num_heads} heads of equal width; "
                "choose a number of heads that divides it"
            )
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.causal, self.dropout = causal, dropout
        self.key = nn.Linear(embed_dim, embed_dim, bias=bias)
        self.value = nn.Linear(embed_dim, embed_dim, bias=bias)

    @abstractmethod
    def ask(self, query: Tensor) -> Tensor:
        """Form the queries of all positions: (B, L, D) -> (m, B, L, D)."""

    @abstractmethod
    def ask_newest(self, query: Tensor, lengths: Tensor) -> Tensor:
        """Form the queries of each newest valid position: (B, L, D) -> (m, B, 1, D)."""

    @abstractmethod
    def combine(self, answers: Tensor) -> tuple[Tensor, Tensor]:
        """Turn answers (B, T, m, D) into outputs (B, T, D) and the answers' weights (B, T, m)."""

    def forward(
        self,
        query: Tensor,
        key_value: Tensor | None = None,
        *,
        lengths: Tensor | None = None,
        need_weights: bool = False,
    ) -> Tensor | tuple[Tensor, QueryWeights]:
        """Attend at every position.

        Args:
            query: What asks, (B, L, D).
            key_value: What is asked, (B, L, D); `query` if not given.
            lengths: How many positions of each row are valid, (B,); all if not given. A causal
                layer has no use for it: padding stands on the right.
            need_weights: Whether to return `QueryWeights` too, built beside the fast path.

        Returns:
            Outputs (B, L, D), or these and the weights.

        Raises:
            MiqrecError: If the shapes do not fit.
        """
        key_value = query if key_value is None else key_value
        _check_shapes(query, key_value, lengths, self.embed_dim)
        visible = None
        if lengths is not None and not self.causal:
            visible = valid(lengths, key_value.shape[1])
        queries, keys, values = self.ask(query), self.key(key_value), self.value(key_value)
        answers = attend(
            queries,
            keys,
            values,
            num_heads=self.num_heads,
            causal=self.causal,
            visible=visible,
            dropout=self.dropout if self.training else 0.0,
        )
        states, pooling = self.combine(answers)  # (B, L, D), (B, L, m)
        if not need_weights:
            return states
        attention = probabilities(
            queries, keys, num_heads=self.num_heads, causal=self.causal, visible=visible
        )
        return states, QueryWeights(pooling, attention)

    def last(self, query: Tensor, key_value: Tensor | None = None, *, lengths: Tensor) -> Tensor:
        """Attend at each newest valid position only: `forward(...)[:, lengths - 1]`, (B, D)."""
        key_value = query if key_value is None else key_value
        _check_shapes(query, key_value, lengths, self.embed_dim)
        answers = attend(
            self.ask_newest(query, lengths),
            self.key(key_value),
            self.value(key_value),
            num_heads=self.num_heads,
            causal=False,  # what the newest position may see ends where its sequence does
            visible=valid(lengths, key_value.shape[1]),
            dropout=self.dropout if self.training else 0.0,
        )
        return self.combine(answers)[0].squeeze(1)


def attend(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    *,
    num_heads: int,
    causal: bool,
    visible: Tensor | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """Answer every query from the visible positions.

    Args:
        queries: (m, B, T, D).
        keys: (B, L, D).
        values: (B, L, D).
        num_heads: Heads that the D numbers are cut into.
        causal: Whether position t sees s <= t only; needs T = L.
        visible: Which keys may be seen, (B, L) bool; all if not given. Not together with `causal`.
        dropout: The share of attention probabilities set to zero. Above 0 the CPU kernel falls back
            to the textbook form, which does build the (B, m, T, L) probabilities.

    Returns:
        The answers (B, T, m, D), heads side by side.
    """
    m, B, T, D = queries.shape
    queries = _split_queries(queries, num_heads)  # (B * heads, m, T, d)
    keys, values = (_split_keys(x, num_heads).expand(-1, m, -1, -1) for x in (keys, values))
    if visible is not None:
        visible = visible.repeat_interleave(num_heads, 0)[:, None, None]  # (B * heads, 1, 1, L)
    answers = F.scaled_dot_product_attention(
        queries, keys, values, attn_mask=visible, is_causal=causal, dropout_p=dropout
    )
    answers = answers.view(B, num_heads, m, T, -1)
    return answers.permute(0, 3, 2, 1, 4).reshape(B, T, m, D)


def probabilities(
    queries: Tensor, keys: Tensor, *, num_heads: int, causal: bool, visible: Tensor | None = None
) -> Tensor:
    """Build the attention probabilities that `attend` never does: (B, heads, T, m, L)."""
    m, B, T, _ = queries.shape
    L = keys.shape[1]
    queries = _split_queries(queries, num_heads)
    scores = queries @ _split_keys(keys, num_heads).mT * queries.shape[-1] ** -0.5
    scores = scores.view(B, num_heads, m, T, L).transpose(2, 3)  # (B, heads, T, m, L)
    if causal:
        later = torch.ones(T, L, dtype=torch.bool, device=keys.device).triu(1)
        scores = scores.masked_fill(later[:, None], -torch.inf)
    if visible is not None:
        scores = scores.masked_fill(~visible[:, None, None, None], -torch.inf)
    attention: Tensor = scores.softmax(-1)
    return attention


def _split_queries(queries: Tensor, num_heads: int) -> Tensor:
    """(m, B, T, D) -> (B * heads, m, T, d)."""
    m, B, T, _ = queries.shape
    queries = queries.view(m, B, T, num_heads, -1).permute(1, 3, 0, 2, 4)  # (B, heads, m, T, d)
    return queries.reshape(B * num_heads, m, T, -1)


def _split_keys(keys: Tensor, num_heads: int) -> Tensor:
    """(B, L, D) -> (B * heads, 1, L, d)."""
    B, L, _ = keys.shape
    return keys.view(B, L, num_heads, -1).transpose(1, 2).reshape(B * num_heads, 1, L, -1)


def _check_shapes(query: Tensor, key_value: Tensor, lengths: Tensor | None, width: int) -> None:
    if query.dim() != 3 or query.shape[-1] != width or query.shape != key_value.shape:
        raise MiqrecError(
            f"attention of width {width} takes query and key_value of one shape (B, L, {width}), "
            f"but was given {tuple(query.shape)} and {tuple(key_value.shape)}"
        )
    if lengths is not None and lengths.shape != query.shape[:1]:
        raise MiqrecError(
            f"lengths must have one entry for each of the {len(query)} sequences, "
            f"but has shape {tuple(lengths.shape)}"
        )
