"""MIQ-SASRec whose residual connection carries the whole window instead of the newest item.

An odd newest item reaches the list by the residual connection, whoever asks. Here the block adds to
the attention's output not the newest item's input x_t, but the inputs of the window, pooled by the weights
alpha of the query-level attention: sum_j alpha_{t,j} x_{t-m+1+j}.
"""

from typing import Literal

from torch import Tensor, nn

from miqrec.models import MIQTransformerConfig, Transformer, build_sasrec, register
from miqrec.models.transformer import miq_attention
from miqrec.nn import MultiItemQueryAttention, SASRecBlock, newest
from miqrec.nn.kernels.attend import attend
from miqrec.nn.kernels.windows import window_queries


class PooledResidual(MultiItemQueryAttention):
    """MIQ-Attn that gives the window's pooled inputs too."""

    def with_residual(self, query: Tensor, key_value: Tensor) -> tuple[Tensor, Tensor]:
        """Attend at every position: (B, L, D) twice -> outputs and pooled inputs, (B, L, D) each."""
        x = self.with_dummies(query)  # (B, m - 1 + L, D)
        q = window_queries(x, self.query_weight, self.query_bias, self.window)  # (m, B, L, D)
        k, v = self.key(key_value), self.value(key_value)  # (B, L, D) each
        dropout = self.dropout if self.training else 0.0
        o = attend(q, k, v, self.num_heads, causal=True, dropout=dropout)  # (B, L, m, D)
        alpha = self.weigh(o).unsqueeze(-2)  # (B, L, 1, m)
        windows = x.unfold(1, self.window, 1).mT  # (B, L, m, D)
        output: Tensor = self.pool_value((alpha @ o).squeeze(-2))
        return output, (alpha @ windows).squeeze(-2)


class PooledResidualBlock(nn.Module):
    """SASRec's block, to whose attention's output the pooled window is added."""

    def __init__(self, block: SASRecBlock) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Compute all positions: (B, L, D) -> (B, L, D)."""
        query, key_value = self.block.attention_inputs(x)
        attended, residual = self.block.attention.with_residual(query, key_value)
        return self.block._finish(residual, attended)

    def last(self, x: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Compute the newest `n` valid positions, newest first: (B, L, D) -> (B, n, D)."""
        return newest(self(x, lengths), lengths, n)


class PooledResidualConfig(MIQTransformerConfig):
    """MIQ-SASRec's settings in SASRec's style."""

    name: Literal["miq-pooled-residual"] = "miq-pooled-residual"
    block: Literal["sasrec"] = "sasrec"
    """Whose blocks the model has."""


def build(n_items: int, config: PooledResidualConfig) -> Transformer:
    """Build the model; items are numbered 1..n_items."""
    model = build_sasrec(n_items, config, miq_attention(config, PooledResidual))
    model.blocks = nn.ModuleList(PooledResidualBlock(block) for block in model.blocks)
    return model


register(PooledResidualConfig, build)
