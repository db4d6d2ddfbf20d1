"""Layers for right-padded sequences (B, L, D): attention, blocks and embeddings; they need PyTorch alone.

A name is imported when it is asked for, since settings name what a layer can do without PyTorch.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.nn.attention import (
        Attention,
        CausalSelfAttention,
        MultiItemQueryAttention,
        QueryWeights,
    )
    from miqrec.nn.blocks import S3RecBlock, SASRecBlock
    from miqrec.nn.choices import Pooling
    from miqrec.nn.embedding import S3RecEmbedding, SASRecEmbedding
    from miqrec.nn.initialisation import initialise
    from miqrec.nn.kernels.dropout import Dropout
    from miqrec.nn.padding import newest, newest_positions, trim, valid

__all__ = [
    "Attention",
    "CausalSelfAttention",
    "Dropout",
    "MultiItemQueryAttention",
    "Pooling",
    "QueryWeights",
    "S3RecBlock",
    "S3RecEmbedding",
    "SASRecBlock",
    "SASRecEmbedding",
    "initialise",
    "newest",
    "newest_positions",
    "trim",
    "valid",
]

__getattr__ = lazy_names(
    __name__,
    {
        "miqrec.nn.attention": [
            "Attention",
            "CausalSelfAttention",
            "MultiItemQueryAttention",
            "QueryWeights",
        ],
        "miqrec.nn.blocks": ["S3RecBlock", "SASRecBlock"],
        "miqrec.nn.choices": ["Pooling"],
        "miqrec.nn.embedding": ["S3RecEmbedding", "SASRecEmbedding"],
        "miqrec.nn.initialisation": ["initialise"],
        "miqrec.nn.kernels.dropout": ["Dropout"],
        "miqrec.nn.padding": ["newest", "newest_positions", "trim", "valid"],
    },
)
