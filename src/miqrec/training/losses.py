"""Losses on the valid target positions, each the sum over targets as a scalar.

Shapes are the same everywhere: `states` (N, D), `item_vectors` (n_items + 1, D) whose row 0 is
padding and never a candidate, `targets` (N,) ids >= 1. An item's score is the dot product of the
state with its vector. Sums are float32 (float64 if the states are), under autocast too; the trainer
divides them by the epoch's mean number of targets a batch.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from miqrec.errors import MiqrecError

CHUNK = 2**19
"""Scores in a chunk on a CPU: 2 MiB in float32, which stay in the cache between two passes."""

CHUNK_OFF_CPU = 2**26
"""Scores in a chunk on a GPU, 256 MiB: it waits for the start of each operation, not for memory."""

ROWS = 128
"""The fewest rows in a chunk, since each chunk reads and writes the items' whole gradient."""

GATHERED = 2**23
"""Numbers in gathered item vectors, 32 MiB in float32; if there are more, backward gathers them again."""


def ce(states: Tensor, item_vectors: Tensor, targets: Tensor) -> Tensor:
    """Compute the cross-entropy of the softmax over all items: the sum of logsumexp(s) - s_target.

    Taken at every position it is the cumulative cross-entropy, `cce`, of Li et al.
    (arXiv 2301.00979); taken at each row's last position only it is `ce-last`.

    The (N, n_items) scores never exist as a whole. Rows are computed in chunks, and each chunk adds
    its part of both gradients at once, as in Liger's fused linear cross-entropy (arXiv 2410.10989).
    Backward only scales the gradients, so there are no second derivatives. Under autocast the
    products are in its precision, the softmax and the sums over chunks in float32.

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
    """
    if not torch.is_grad_enabled():
        states, item_vectors = states.detach(), item_vectors.detach()
    loss: Tensor = _CrossEntropy.apply(states, item_vectors, targets)  # type: ignore[no-untyped-call]
    return loss


def bce(states: Tensor, item_vectors: Tensor, targets: Tensor, negatives: Tensor) -> Tensor:
    """Compute SASRec's binary cross-entropy against sampled negatives (Kang & McAuley, ICDM 2018).

    It is the sum of -log sigmoid(s_target) - sum over negatives of log(1 - sigmoid(s_negative)).

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
        negatives: (N, k). With k > 1 their terms are summed, as in gSASRec; its division of the whole
            by k + 1 is left out, so that k = 1 is SASRec's loss.
    """
    positive, negative = _sampled_scores(states, item_vectors, targets, negatives)
    return F.softplus(-positive).sum() + F.softplus(negative).sum()


def gbce(
    states: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    negatives: Tensor,
    *,
    calibration: float,
) -> Tensor:
    """Compute gSASRec's generalised binary cross-entropy (Petrov & Macdonald, arXiv 2308.07192).

    It is `bce` with sigmoid(s_target) to the power beta = alpha (t (1 - 1/alpha) + 1/alpha), where
    alpha = k / (n_items - 1) is the share of negatives sampled and t the calibration. The power is
    taken as beta * log sigmoid, so float32 suffices where the authors' code needs float64.

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
        negatives: (N, k), as in `bce`; uniform, for beta to calibrate as derived.
        calibration: t in 0..1; 0 is `bce`, 1 undoes the overconfidence that sampling brings.

    Raises:
        MiqrecError: If t is out of range or k exceeds n_items - 1.
    """
    n_negatives, n_others = negatives.shape[1], item_vectors.shape[0] - 2
    if not 0 <= calibration <= 1:
        raise MiqrecError(f"gbce's calibration is {calibration}: it must lie in 0..1")
    if n_negatives > n_others:
        raise MiqrecError(f"gbce has {n_negatives} negatives, but {n_others} other items: use ce")
    alpha = n_negatives / n_others
    beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha)
    positive, negative = _sampled_scores(states, item_vectors, targets, negatives)
    return beta * F.softplus(-positive).sum() + F.softplus(negative).sum()


def sampled_ce(
    states: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    negatives: Tensor,
    log_probabilities: Tensor,
) -> Tensor:
    """Compute the sampled softmax with the correction for the sampling probability (logQ).

    It is the sum of log(exp(s_target) + sum over negatives of exp(s_i - log(k q_i))) - s_target. The
    sum in the logarithm is an unbiased estimate of the softmax's denominator (Bengio & Senécal,
    2008). The target is always present, so it is not corrected (Khrylchenko et al., arXiv
    2507.09331), while Jean et al., 2015, and TensorFlow correct it too. A negative that is the
    target is left out.

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
        negatives: (N, k).
        log_probabilities: (N, k) log q_i, with which a single draw gives that negative.
    """
    positive, negative = _sampled_scores(states, item_vectors, targets, negatives)
    corrected = negative - log_probabilities - math.log(negatives.shape[1])
    corrected = corrected.masked_fill(negatives == targets.unsqueeze(1), float("-inf"))
    candidates = torch.cat([positive.unsqueeze(1), corrected], dim=1)  # (N, 1 + k)
    return (candidates.logsumexp(dim=1) - positive).sum()


def _sampled_scores(
    states: Tensor, item_vectors: Tensor, targets: Tensor, negatives: Tensor
) -> tuple[Tensor, Tensor]:
    """Score the targets (N,) and the negatives (N, k), without keeping (N, k, D)."""
    positive = _dot(states, item_vectors, targets.unsqueeze(1)).squeeze(1)
    rows = max(1, GATHERED // (negatives.shape[1] * states.shape[1]))
    if len(states) <= rows:
        return positive, _dot(states, item_vectors, negatives)
    parts = [  # gathered again in backward
        checkpoint(_dot, chunk, item_vectors, items, use_reentrant=False, preserve_rng_state=False)
        for chunk, items in zip(
            torch.split(states, rows), torch.split(negatives, rows), strict=True
        )
    ]
    return positive, torch.cat(parts)


def _dot(states: Tensor, item_vectors: Tensor, items: Tensor) -> Tensor:
    scores = torch.einsum("nd,nkd->nk", states, F.embedding(items, item_vectors))
    return scores.to(at_least_float32(states))


def at_least_float32(x: Tensor) -> torch.dtype:
    """Return float32, or the type of `x` if that is wider: sums are taken in it, under autocast too."""
    return torch.promote_types(x.dtype, torch.float32)


class _CrossEntropy(torch.autograd.Function):
    """Computes `ce` and, in the same pass over the chunks, its gradients."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, item_vectors: Tensor, targets: Tensor) -> Tensor:
        needed = any(ctx.needs_input_grad)
        loss, *gradients = _cross_entropy(states, item_vectors, targets, differentiate=needed)
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        states, item_vectors = ctx.saved_tensors
        return states * gradient, item_vectors * gradient, None


def _cross_entropy(
    states: Tensor, item_vectors: Tensor, targets: Tensor, *, differentiate: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the loss and its gradients by `states` and `item_vectors` (zeros unless asked for)."""
    kind = states.device.type
    fast = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype
    candidates = item_vectors[1:].to(fast)  # (n_items, D)
    loss = states.new_zeros((), dtype=at_least_float32(states))
    state_gradient = torch.zeros_like(states)
    item_gradient = torch.zeros_like(item_vectors, dtype=loss.dtype)
    rows = _rows_at_a_time(len(candidates), kind)
    for start in range(0, len(states), rows):
        chunk = states[start : start + rows].to(fast)
        own = targets[start : start + rows].unsqueeze(1) - 1
        scores = (chunk @ candidates.T).to(loss.dtype)  # (rows, n_items)
        part, weights, total = _softmax_in_place(scores, own)
        loss += part
        if differentiate:
            weights = weights.scatter_add_(1, own, -total).to(fast)  # gradient by scores, * total
            state_gradient[start : start + rows] = (weights @ candidates) / total
            _add_product(item_gradient[1:], weights.T, (chunk / total).to(fast))
    return loss, state_gradient, item_gradient.to(item_vectors.dtype)


def _rows_at_a_time(n_items: int, device: str) -> int:
    """Return how many rows of scores a chunk has on a kind of device."""
    return max(ROWS, (CHUNK if device == "cpu" else CHUNK_OFF_CPU) // n_items)


def _softmax_in_place(scores: Tensor, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the loss of `scores` (rows, n_items), and weights whose quotient by totals is the softmax.

    The division is left to the products that follow, which are D wide instead of n_items.
    """
    target_scores, highest = scores.gather(1, own), scores.amax(dim=1, keepdim=True)
    weights = scores.sub_(highest).exp_()
    total = weights.sum(dim=1, keepdim=True)
    return (total.log() + highest - target_scores).sum(), weights, total


def _add_product(accumulator: Tensor, left: Tensor, right: Tensor) -> None:
    """Add left @ right to the accumulator, without a temporary where the precisions agree."""
    if accumulator.dtype == left.dtype:
        accumulator.addmm_(left, right)
    else:
        accumulator += left @ right
