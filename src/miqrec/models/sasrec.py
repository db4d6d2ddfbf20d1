"""SASRec (Kang and McAuley, ICDM 2018), with the attention as a part that is passed in.

With `CausalSelfAttention` it is SASRec, with `MultiItemQueryAttention` MIQ-SASRec. Its blocks are
its authors' or, for `block="s3rec"`, those that S3-Rec and its relatives use.

Weights start as in the respective authors' code: with SASRec's blocks Glorot uniform (TensorFlow's
default), with S3-Rec's normal with standard deviation 0.02; biases at zero.
"""

from functools import partial
from typing import Literal

from torch import Tensor, nn

from miqrec.models.encoder import Encoder
from miqrec.models.registry import register
from miqrec.models.transformer import (
    BuildAttention,
    MIQTransformerConfig,
    TransformerConfig,
    build_attention,
)
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.nn.embedding import S3RecEmbedding, SASRecEmbedding
from miqrec.nn.initialise import initialise
from miqrec.nn.padding import check_length, trim


class SASRecConfig(TransformerConfig):
    """SASRec's sizes."""

    name: Literal["sasrec"] = "sasrec"


class MIQSASRecConfig(MIQTransformerConfig):
    """MIQ-SASRec's sizes."""

    name: Literal["miq-sasrec"] = "miq-sasrec"


class SASRec(Encoder):
    """A causal transformer over the newest `max_length` items, its output tied to the item vectors.

    Args:
        n_items: Items are numbered 1..n_items.
        config: Its sizes.
        attention: Makes the attention of one layer; what `config` describes if not given.
    """

    def __init__(
        self, n_items: int, config: TransformerConfig, attention: BuildAttention | None = None
    ) -> None:
        super().__init__()
        attention = attention or build_attention(config)
        dim, dropout, s3rec = config.dim, config.dropout, config.block == "s3rec"
        embedding, block = (S3RecEmbedding, S3RecBlock) if s3rec else (SASRecEmbedding, SASRecBlock)
        self.max_length = config.max_length
        self.embedding = embedding(n_items, dim, self.max_length, dropout)
        self.blocks = nn.ModuleList(
            block(dim, attention(), dropout) for _ in range(config.n_layers)
        )
        self.norm = nn.Identity() if s3rec else nn.LayerNorm(dim)
        initialise(self, partial(nn.init.normal_, std=0.02) if s3rec else nn.init.xavier_uniform_)

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
        """Give the newest `n` states, which are all that the last block computes: (B, n, D)."""
        items, lengths = trim(items, lengths, self.max_length)
        x = self.embedding(items, lengths)  # (B, L, D)
        *blocks, last_block = self.blocks
        for block in blocks:
            x = block(x, lengths)
        states: Tensor = self.norm(last_block.last(x, lengths, n))  # type: ignore[operator]
        return states

    def item_vectors(self) -> Tensor:
        """Share the input's item embedding, (n_items + 1, D)."""
        return self.embedding.items.weight


register(SASRecConfig, SASRec)
register(MIQSASRecConfig, SASRec)
