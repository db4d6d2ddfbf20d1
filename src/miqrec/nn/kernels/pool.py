"""The query-level attention of MIQ-Attn, reduced to what its softmax does not ignore.

Written out, the scores are (o_i Wpq + bpq) . (o_j Wpk) / sqrt(D): two projections of every answer.
With M = Wpq Wpk^T and c = bpq Wpk^T they are (o_i M + c) . o_j / sqrt(D): one projection, and with
the "last" pooling one of the newest answer alone.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn


def answer_weights(
    answers: Tensor, query: nn.Linear, key: nn.Linear, pooling: Literal["mean", "last"]
) -> Tensor:
    """Compute alpha, the weights of the m answers of a position.

    Args:
        answers: o, (B, T, m, D).
        query: Wpq and bpq.
        key: Wpk; a bias would have no effect.
        pooling: Whether alpha is the mean of the rows of A, or its last row.

    Returns:
        Weights (B, T, m); the m of a position sum to 1.
    """
    scale = answers.shape[-1] ** -0.5
    M = key.weight.T @ query.weight * scale  # (D, D), as F.linear reads it
    c = None if query.bias is None else query.bias @ key.weight * scale  # (D,)
    asking = answers if pooling == "mean" else answers[:, :, -1:]
    scores = answers @ F.linear(asking, M, c).mT  # (B, T, m, m or 1), the transpose of A's scores:
    alpha: Tensor = scores.softmax(-2).mean(-1)  # CPUs are slow along a short last dimension
    return alpha
