"""Losses on the valid target positions, each the sum over targets as a scalar.

Shapes are the same everywhere: `states` (N, D), `item_vectors` (n_items + 1, D) whose row 0 is
padding and never a candidate, `targets` (N,) ids >= 1. An item's score is the dot product of the
state with its vector. Each target's loss is multiplied by its `weight`, (N,), where there is one. Sums are
float32 (float64 if the states are), under autocast too; the trainer divides them by the epoch's mean number
of targets a batch, or by the mean of what these count for.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from miqrec.errors import MiqrecError
from miqrec.training.full_softmax import at_least_float32, cross_entropy

GATHERED = 2**23
"""Numbers in gathered item vectors, 32 MiB in float32; if there are more, backward gathers them again."""


def ce(
    states: Tensor, item_vectors: Tensor, targets: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Compute the cross-entropy of the softmax over all items: the sum of logsumexp(s) - s_target.

    Taken at every position it is the cumulative cross-entropy, `cce`, of Li et al.
    (arXiv 2301.00979); taken at each row's last position only it is `ce-last`.

    The scores never exist as a whole (`miqrec.training.full_softmax`).

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
        weight: (N,) what each target counts for, or None.
    """
    return cross_entropy(states, item_vectors, targets, weight=weight)


def mixture_ce(
    states: Tensor,
    item_vectors: Tensor,
    weights: Tensor,
    targets: Tensor,
    weight: Tensor | None = None,
) -> Tensor:
    """Compute `ce` of a mixture of answers: the sum of -log sum_j a_{t,j} softmax(h_{t-j})_{target_t}.

    The newest n positions answer, each with its own distribution over all items. With n = 1 it is `ce`.

    Args:
        states: (N, D) of sequences, one after the other.
        item_vectors: (n_items + 1, D).
        weights: (N, n) the weights a_{t,j} of the newest n answers, newest first: at least 0, and 0 for
            answers from before the sequence. Each row sums to 1.
        targets: (N,), 0 at a position that nothing is asked of, but that answers for later ones.
        weight: (N,) what each target counts for, or None.
    """
    return cross_entropy(states, item_vectors, targets, weights, weight)


def bce(
    states: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    negatives: Tensor,
    weight: Tensor | None = None,
) -> Tensor:
    """Compute SASRec's binary cross-entropy against sampled negatives (Kang & McAuley, ICDM 2018).

    It is the sum of -log sigmoid(s_target) - sum over negatives of log(1 - sigmoid(s_negative)).

    Args:
        states: (N, D).
        item_vectors: (n_items + 1, D).
        targets: (N,).
        negatives: (N, k). With k > 1 their terms are summed, as in gSASRec; its division of the whole
            by k + 1 is left out, so that k = 1 is SASRec's loss.
        weight: (N,) what each target, with its negatives, counts for, or None.
    """
    positive, negative = _sampled_scores(states, item_vectors, targets, negatives)
    return _weighed(F.softplus(-positive), weight) + _weighed(F.softplus(negative), weight)


def gbce(
    states: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    negatives: Tensor,
    weight: Tensor | None = None,
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
        weight: As in `bce`.
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
    return beta * _weighed(F.softplus(-positive), weight) + _weighed(F.softplus(negative), weight)


def sampled_ce(
    states: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    negatives: Tensor,
    log_probabilities: Tensor,
    weight: Tensor | None = None,
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
        weight: (N,) what each target counts for, or None.
    """
    answers = states.unsqueeze(1)  # (N, 1, D)
    logs = _sampled_logs(answers, item_vectors, targets, negatives, log_probabilities)
    return -_weighed(logs.squeeze(1), weight)


def sampled_mixture_ce(
    states: Tensor,
    item_vectors: Tensor,
    weights: Tensor,
    targets: Tensor,
    negatives: Tensor,
    log_probabilities: Tensor,
    weight: Tensor | None = None,
) -> Tensor:
    """Compute `sampled_ce` of a mixture of answers, all of which see the negatives of their target.

    Args:
        states: (N, D) of sequences, one after the other.
        item_vectors: (n_items + 1, D).
        weights: (N, n) as in `mixture_ce`.
        targets: (N,).
        negatives: (N, k).
        log_probabilities: (N, k) as in `sampled_ce`.
        weight: As in `sampled_ce`.
    """
    places, ages = (torch.arange(size, device=states.device) for size in weights.shape)
    answers = states[(places.unsqueeze(1) - ages).clamp(min=0)]  # (N, n, D)
    logs = _sampled_logs(answers, item_vectors, targets, negatives, log_probabilities)
    has_answer = weights > 0
    log_weights = weights.where(has_answer, 1).log().where(has_answer, -math.inf)
    return -_weighed((log_weights + logs).logsumexp(dim=1), weight)


def _weighed(terms: Tensor, weight: Tensor | None) -> Tensor:
    """Sum terms (N,) or (N, k), each row multiplied by its weight."""
    if weight is None:
        return terms.sum()
    return (terms * weight.reshape(-1, *[1] * (terms.dim() - 1))).sum()


def _sampled_logs(
    answers: Tensor,
    item_vectors: Tensor,
    targets: Tensor,
    negatives: Tensor,
    log_probabilities: Tensor,
) -> Tensor:
    """Compute log q(target) of answers (N, n, D), q running over the target and its negatives: (N, n)."""
    positive, negative = _sampled_scores(answers, item_vectors, targets, negatives)
    corrected = negative - log_probabilities.unsqueeze(1) - math.log(negatives.shape[1])
    is_target = negatives == targets.unsqueeze(1)  # (N, k)
    corrected = corrected.masked_fill(is_target.unsqueeze(1), -math.inf)
    candidates = torch.cat([positive.unsqueeze(-1), corrected], dim=-1)  # (N, n, 1 + k)
    return positive - candidates.logsumexp(dim=-1)


def _sampled_scores(
    states: Tensor, item_vectors: Tensor, targets: Tensor, negatives: Tensor
) -> tuple[Tensor, Tensor]:
    """Score the targets (N,) and the negatives (N, k), without keeping (N, k, D).

    For states (N, n, D) the scores are (N, n) and (N, n, k).
    """
    positive = _dot(states, item_vectors, targets.unsqueeze(1)).squeeze(-1)
    rows = max(1, GATHERED // (negatives.shape[1] * states.shape[-1]))
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
    scores = torch.einsum("n...d,nkd->n...k", states, F.embedding(items, item_vectors))
    return scores.to(at_least_float32(states))
