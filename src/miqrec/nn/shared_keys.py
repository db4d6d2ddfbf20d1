"""What every attention layer here has: keys and values for m queries, and who may see whom."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.nn.kernels.attend import attend, probabilities
from miqrec.nn.padding import newest_positions, valid


class QueryWeights(NamedTuple):
    """What a layer looked at: `pooling` (B, L, m) and `attention` (B, heads, L, m, L)."""

    pooling: Tensor
    attention: Tensor


class SharedKeyAttention(nn.Module, ABC):
    """Attention of m queries a position; subclasses say what asks and how answers are combined.

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
    def ask_at(self, query: Tensor, positions: Tensor) -> Tensor:
        """Form the queries of some positions (B, n): (B, L, D) -> (m, B, n, D)."""

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
        visible = None if self.causal or lengths is None else valid(lengths, query.shape[1])
        queries, keys, values = self.ask(query), self.key(key_value), self.value(key_value)
        answers = self._attend(queries, keys, values, causal=self.causal, visible=visible)
        states, pooling = self.combine(answers)  # (B, L, D), (B, L, m)
        if not need_weights:
            return states
        attention = probabilities(
            queries, keys, self.num_heads, causal=self.causal, visible=visible
        )
        return states, QueryWeights(pooling, attention)

    def last(
        self, query: Tensor, key_value: Tensor | None = None, *, lengths: Tensor, n: int = 1
    ) -> Tensor:
        """Attend at each row's newest `n` valid positions alone.

        Returns:
            Outputs (B, n, D): the rows of `forward` at `newest_positions(lengths, n)`.
        """
        key_value = query if key_value is None else key_value
        _check_shapes(query, key_value, lengths, self.embed_dim)
        positions = newest_positions(lengths, n)  # (B, n)
        ends = positions + 1 if self.causal else lengths.unsqueeze(-1).expand(-1, n)
        answers = self._look_up(
            self.ask_at(query, positions), key_value, valid(ends, query.shape[1])
        )
        return self.combine(answers)[0]

    def _look_up(self, queries: Tensor, x: Tensor, visible: Tensor) -> Tensor:
        """Answer (m, B, n, D) queries from the rows of x (B, L, D) that are `visible` (B, n, L).

        Keys and values are never formed; returns (B, n, m, D).

        q . (x Wk + bk) = (q Wk^T) . x up to what is the same for all x and so drops out of the
        softmax, and sum_s p_s (x_s Wv + bv) = (sum_s p_s x_s) Wv + (sum_s p_s) bv.
        """
        (m, B, n, D), heads = queries.shape, self.num_heads
        Wk, Wv = (layer.weight.view(heads, -1, D) for layer in (self.key, self.value))
        asking = torch.einsum("mbnhd,hde->bnmhe", queries.reshape(m, B, n, heads, -1), Wk)
        scores = asking.flatten(1, 3) @ x.mT * (D // heads) ** -0.5  # (B, n * m * heads, L)
        hidden = ~visible.repeat_interleave(m * heads, 1)
        attention = scores.masked_fill(hidden, -torch.inf).softmax(-1)
        attention = F.dropout(attention, self.dropout, self.training)
        averages = (attention @ x).view(B, n, m, heads, D)
        answers = torch.einsum("bnmhe,hde->bnmhd", averages, Wv)  # (B, n, m, heads, d)
        if self.value.bias is not None:
            shares = attention.sum(-1).view(B, n, m, heads, 1)  # 1 but for dropout
            answers = answers + shares * self.value.bias.view(heads, -1)
        return answers.flatten(3)

    def _attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, *, causal: bool, visible: Tensor | None
    ) -> Tensor:
        dropout = self.dropout if self.training else 0.0
        return attend(
            queries, keys, values, self.num_heads, causal=causal, visible=visible, dropout=dropout
        )


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
