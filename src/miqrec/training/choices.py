"""What training can be asked for by a word; settings name these words without waiting for PyTorch."""

from typing import Literal

LossName = Literal["ce", "cce", "ce-last", "bce", "gbce", "sampled-ce"]
"""The losses of `miqrec.training.losses`; cce is another name of ce."""

SamplerName = Literal["uniform", "popularity", "in-batch"]
"""What negatives are drawn by, see `miqrec.training.negatives`."""
