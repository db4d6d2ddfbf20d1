"""The encoder of all attention models: an embedding, blocks and a norm, put together by a builder.

`sasrec_parts` and `s3rec_parts` make the parts in the two published styles. Weights start as in the
code of the respective authors: Glorot uniform (TensorFlow's default) in SASRec's style, and normal
with standard deviation 0.02 in S3-Rec's. Biases start at zero.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal, NamedTuple, Self

from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn

from miqrec.config import Config
from miqrec.models.encoder import Encoder
from miqrec.nn.attention import (
    Attention,
    CausalSelfAttention,
    MultiItemQueryAttention,
    Pooling,
)
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.nn.embedding import S3RecEmbedding, SASRecEmbedding
from miqrec.nn.initialise import initialise
from miqrec.nn.padding import check_length, trim

BuildAttention = Callable[[], Attention]
"""Makes the attention of one block; it is called once for each."""


class TransformerConfig(Config):
    """The sizes of an attention model.

    `attention_dropout` acts on attention probabilities. SASRec and S3-Rec use the same dropout there
    as elsewhere. Its default of 0 is a departure: the CPU's fast kernel has no dropout.
    """

    dim: PositiveInt = 64
    """Width of item vectors and states."""
    n_layers: PositiveInt = 2
    """Number of blocks, one after the other."""
    n_heads: PositiveInt = 2
    """Number of heads that the width is cut into."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share set to zero in training, on embeddings and after each part of a block."""
    attention_dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of attention probabilities set to zero in training; above 0 training is slower."""
    max_length: PositiveInt = 200
    """How many of the newest items the model reads."""
    block: Literal["sasrec", "s3rec"] = "sasrec"
    """Whose blocks and embedding the model has: SASRec's or S3-Rec's."""

    @model_validator(mode="after")
    def _heads_divide_dim(self) -> Self:
        if self.dim % self.n_heads:
            raise ValueError(f"n_heads {self.n_heads} must divide dim {self.dim}")
        return self


class MIQTransformerConfig(TransformerConfig):
    """The sizes of an attention model that asks from the newest `window` items."""

    window: PositiveInt = 10
    """How many of the newest items ask."""
    pooling: Pooling = "mean"
    """Whose view of the answers counts: the mean of all queries', or the newest query's."""

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        if self.window > self.max_length:
            raise ValueError(
                f"window {self.window} is larger than max_length {self.max_length}: "
                "the model would never read that many items"
            )
        return self


class Transformer(Encoder):
    """A causal transformer over the newest items, its states compared with the embedding's vectors.

    Args:
        embedding: Item ids (B, L) and lengths (B,) to inputs (B, L, D); its `max_length` becomes the
            model's, and its `items` hold the item vectors.
        blocks: Layers with `forward(x, lengths)` and `last(x, lengths, n)`, such as `SASRecBlock`.
        norm: What the last block's output goes through.
    """

    def __init__(
        self, embedding: SASRecEmbedding, blocks: Iterable[nn.Module], norm: nn.Module
    ) -> None:
        super().__init__()
        self.max_length = embedding.max_length
        self.embedding = embedding
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        """Encode every prefix: `items` (B, L), `lengths` (B,) -> (B, L, D).

        Raises:
            MiqrecError: If L is above `max_length`.
        """
        check_length(items, self.max_length)
        x = self.embedding(items, lengths)  # (B, L, D)
        for block in self.blocks:
            x = block(x, lengths)
        states: Tensor = self.norm(x)
        return states

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        """Give the newest `n` states, the only ones that the last block computes: (B, n, D)."""
        items, lengths = trim(items, lengths, self.max_length)
        x = self.embedding(items, lengths)  # (B, L, D)
        *blocks, last_block = self.blocks
        for block in blocks:
            x = block(x, lengths)
        states: Tensor = self.norm(last_block.last(x, lengths, n))  # type: ignore[operator]
        return states

    def item_vectors(self) -> Tensor:
        """Share the input's item vectors, (n_items + 1, D)."""
        return self.embedding.items.weight


class Parts(NamedTuple):
    """What a `Transformer` is made of, in the order of its arguments."""

    embedding: SASRecEmbedding
    blocks: list[nn.Module]
    norm: nn.Module


def make_parts(n_items: int, config: TransformerConfig, attention: BuildAttention) -> Parts:
    """Make the parts of a model in the style that its config's `block` names.

    Args:
        n_items: Items are numbered 1..n_items.
        config: The sizes.
        attention: Makes the attention of one block.
    """
    make = {"sasrec": sasrec_parts, "s3rec": s3rec_parts}[config.block]
    return make(n_items, config, attention)


def sasrec_parts(n_items: int, config: TransformerConfig, attention: BuildAttention) -> Parts:
    """Make the parts of a model as SASRec's authors have them; arguments are `make_parts`'s."""
    dim, dropout = config.dim, config.dropout
    embedding = SASRecEmbedding(n_items, dim, config.max_length, dropout)
    blocks = [SASRecBlock(dim, attention(), dropout) for _ in range(config.n_layers)]
    norm = nn.LayerNorm(dim)
    initialise(nn.ModuleList([embedding, *blocks, norm]), nn.init.xavier_uniform_)
    return Parts(embedding, [*blocks], norm)


def s3rec_parts(n_items: int, config: TransformerConfig, attention: BuildAttention) -> Parts:
    """Make the parts of a model as S3-Rec's authors have them; arguments are `make_parts`'s."""
    dim, dropout = config.dim, config.dropout
    embedding = S3RecEmbedding(n_items, dim, config.max_length, dropout)
    blocks = [S3RecBlock(dim, attention(), dropout) for _ in range(config.n_layers)]
    initialise(nn.ModuleList([embedding, *blocks]), partial(nn.init.normal_, std=0.02))
    return Parts(embedding, [*blocks], nn.Identity())  # each block ends in a norm of its own


def self_attention(config: TransformerConfig) -> BuildAttention:
    """Choose ordinary causal attention of the config's sizes."""
    dropout = config.attention_dropout
    return partial(CausalSelfAttention, config.dim, config.n_heads, dropout=dropout)


def miq_attention(
    config: MIQTransformerConfig, layer: type[MultiItemQueryAttention] = MultiItemQueryAttention
) -> BuildAttention:
    """Choose Multi-Item-Query attention of the config's sizes, or a `layer` that derives from it."""
    sizes = config.dim, config.n_heads, config.window
    return partial(layer, *sizes, dropout=config.attention_dropout, pooling=config.pooling)
