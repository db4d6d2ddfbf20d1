"""The encoder of all attention models: an embedding, blocks and a norm, put together by a builder.

`sasrec_parts` and `s3rec_parts` make the parts in the two published styles. Weights start as in the
code of the respective authors: Glorot uniform (TensorFlow's default) in SASRec's style, and normal
with standard deviation 0.02 in S3-Rec's. Biases start at zero.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from torch import Tensor, nn

from miqrec.models.configs.transformer import MIQTransformerConfig, TransformerConfig
from miqrec.models.encoder import Encoder
from miqrec.nn.attention import (
    Attention,
    CausalSelfAttention,
    MultiItemQueryAttention,
)
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.nn.embedding import S3RecEmbedding, SASRecEmbedding
from miqrec.nn.initialisation import initialise
from miqrec.nn.padding import check_length, trim

BuildAttention = Callable[[], Attention]
"""Makes the attention of one block; it is called once for each."""


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
