"""Layers for right-padded sequences (B, L, D): attention, blocks and embeddings; they need PyTorch alone."""

from miqrec.nn.attention import (
    Attention,
    CausalSelfAttention,
    MultiItemQueryAttention,
    Pooling,
    QueryWeights,
)
from miqrec.nn.blocks import S3RecBlock, SASRecBlock
from miqrec.nn.embedding import S3RecEmbedding, SASRecEmbedding
from miqrec.nn.initialise import initialise
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
