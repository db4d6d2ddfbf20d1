"""Losses on the valid target positions, each the sum over targets as a float32 scalar.

Shapes are the same everywhere: `states` (N, D), `item_vectors` (n_items + 1, D) whose row 0 is
padding and never a candidate, `targets` (N,) ids >= 1. An item's score is the dot product of the
state with its vector.
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

LossName = Literal["ce", "cce", "ce-last", "bce", "gbce", "sampled-ce"]


def last_positions(targets: Tensor) -> Tensor:
    """Mask (B, L) of each row's last position with a target, for `ce` at that position only.

    Args:
        targets: (B, L), 0 where nothing is to be predicted; a row without targets gets no mark.
    """
    valid = targets > 0
    return valid & (valid.flip(1).cumsum(1).flip(1) == 1)


def ce(states: Tensor, item_vectors: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of the softmax over all items."""
    logits = states @ item_vectors[1:].T  # (N, n_items)
    return F.cross_entropy(logits.float(), targets - 1, reduction="sum")


def bce(states: Tensor, item_vectors: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
    """Binary cross-entropy of the target against sampled negatives (Kang & McAuley, 2018).

    -log sigmoid(s_target) - sum over the k negatives of log(1 - sigmoid(s_negative)).

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
        negatives: (N, k); with k > 1 their terms are summed, as in gSASRec.
    """
    positive, negative = _scores(states, item_vectors, targets, negatives)
    return F.softplus(-positive).sum() + F.softplus(negative).sum()


def _scores(
    states: Tensor, item_vectors: Tensor, targets: Tensor, negatives: Tensor
) -> tuple[Tensor, Tensor]:
    """Float32 scores of the targets (N,) and of the negatives (N, k)."""
    positive = (states * item_vectors[targets]).sum(dim=1)
    negative = (item_vectors[negatives] @ states.unsqueeze(2)).squeeze(2)
    return positive.float(), negative.float()
