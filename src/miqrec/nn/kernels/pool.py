"""The query-level attention of MIQ-Attn with one projection instead of two.

Written out, the scores of A are (o_i Wpq + bpq) . (o_j Wpk) / sqrt(D), which projects every answer
twice. With M = Wpq Wpk^T and c = bpq Wpk^T they are (o_i M + c) . o_j / sqrt(D), which projects every
answer once, and with "last" pooling the newest answer only.
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
    rows = answers if pooling == "mean" else answers[:, :, -1:]  # the rows of A that count
    # the scores are transposed, (B, T, m, m or 1): CPUs are slow along a short last dimension
    scores = answers @ F.linear(rows, M, c).mT
    alpha: Tensor = scores.softmax(-2).mean(-1)
    return alpha
