"""The likelihood of a late mixture, one target after the other, in plain loops."""

import torch
from torch import Tensor


def mixture_loss(
    states: Tensor, item_vectors: Tensor, weights: Tensor, targets: Tensor, lengths: Tensor
) -> Tensor:
    """Sum -log sum_j a_{t,j} softmax(h_{t-j} . e)_{target_t} over the targets; arguments as `mixture_ce`."""
    loss = states.sum() * 0 + item_vectors.sum() * 0 + weights.sum() * 0
    first = 0
    for length in lengths.tolist():
        for t in range(first, first + length):
            if targets[t] > 0:
                loss = loss - torch.log(
                    sum(
                        weights[t, j]
                        * torch.softmax(item_vectors[1:] @ states[t - j], 0)[targets[t] - 1]
                        for j in range(min(weights.shape[1], t - first + 1))
                    )
                )
        first += length
    return loss
