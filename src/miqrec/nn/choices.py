"""What a layer can be asked for by a word; settings name these words without waiting for PyTorch."""

from typing import Literal

Pooling = Literal["mean", "last"]
"""Whose view of the answers counts: the mean of all queries', or the newest query's."""

Ablation = Literal["shared-query", "plain-average", "zero-dummies", "first-item"]
"""What stands in the place of a part of Multi-Item-Query attention, see `miqrec.nn.ablations`."""
