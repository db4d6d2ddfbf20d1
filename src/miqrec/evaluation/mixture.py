r"""The late mixture: the newest n positions each answer, and their answers are mixed.

A model that predicts the next item at every position has n distributions at hand after one pass, one from
each of the newest n states. Their mixture is, for a history whose newest position is t,

    p_t(i) = sum_j a_j softmax_i(h_{t-j} . e_i / temperature)       j = 0..n-1, the newest first

An odd click rules the newest state, but not those before it, so a list that mixes their answers doesn't
swing with it. Mixing probabilities, instead of scores or states, lets an answer that is sure of its items
count for more than one that is not.
"""

import math

import torch
from torch import Tensor

from miqrec.evaluation.ranking import EXCLUDED
from miqrec.system.matmul import fast_products

CHUNK = 2**19
"""Scores computed at a time on a CPU: 2 MiB, which stay in the cache from one operation to the next."""
ROWS = 32
"""The fewest rows at a time, since each time all items' vectors are read."""
TINY = 1e-30
"""Smaller probabilities are mixed by their logarithms, as float32 ends at about 1e-38."""


@torch.no_grad()
def late_mixture(
    states: Tensor,
    item_vectors: Tensor,
    weights: Tensor,
    valid: Tensor,
    *,
    seen: tuple[Tensor, Tensor] | None = None,
    temperature: float = 1.0,
) -> Tensor:
    """Mix the distributions of the newest n answers: log p_t(i), by log-sum-exp, for every item.

    Each softmax runs over the items that are not among the `seen`: the answer from one position back has
    spent its mass on the item that then came, and that one is out of the question now.

    Args:
        states: (B, n, D), the newest first; `model.last(items, lengths, n)` gives them.
        item_vectors: (n_items + 1, D); row 0 belongs to padding.
        weights: (n,) or (B, n), at least 0, of which the newest answer's is above 0.
        valid: (B,) how many answers each row has, at least 1. The others are left out, and the weights
            that remain are divided by their sum.
        seen: flat pairs (rows, items) to leave out.
        temperature: what scores are divided by.

    Returns:
        (B, n_items + 1) float32; -inf for padding and what was seen.
    """
    shares = answer_shares(weights, valid, states.shape[1])  # (B, n)
    n = int(valid.max()) if len(valid) else 0  # further answers have no share
    states, vectors = states[:, :n].float() / temperature, item_vectors.float()
    mixed = states.new_zeros(len(states), len(vectors))
    mixed[:, 0] = EXCLUDED
    if seen is not None:
        mixed[seen] = EXCLUDED
    rows = _rows_at_a_time(mixed)
    device = mixed.device
    with torch.autocast(device.type, enabled=False), fast_products(device):
        for first in range(0, len(mixed), rows):
            part = slice(first, first + rows)
            _mix(states[part], shares[part, :n], mixed[part], vectors)
    return mixed


def answer_shares(weights: Tensor, valid: Tensor, n: int) -> Tensor:
    """Leave out the weights of answers that a row doesn't have: (n,) or (B, n), (B,) -> (B, n).

    Each row of the result sums to 1.
    """
    has_answer = torch.arange(n, device=valid.device) < valid.unsqueeze(1)  # (B, n)
    kept = weights.to(valid.device, torch.float32) * has_answer
    return kept / kept.sum(1, keepdim=True)


def _mix(states: Tensor, shares: Tensor, mixed: Tensor, vectors: Tensor) -> None:
    """Replace `mixed` (b, n_items + 1), 0 for candidates and -inf for others, by the mixture's log p."""
    others = mixed.clone()
    torch.neg(others, out=mixed).clamp_(max=1)  # the others have a probability of 1 until the end
    for answer, share in zip(states.unbind(1), shares.unbind(1), strict=True):
        masses = torch.mm(answer, vectors.T).add_(others)
        # a row without any candidate has a maximum of -inf, which may not be subtracted from itself
        masses.sub_(masses.amax(1, keepdim=True).clamp(min=torch.finfo(masses.dtype).min)).exp_()
        mixed.addcmul_(masses, (share / masses.sum(1).clamp(min=TINY)).unsqueeze(1))
    tiny = mixed.amin(1) < TINY
    mixed.log_().add_(others)
    if tiny.any():
        mixed[tiny] = _mixed_by_logarithms(states[tiny], shares[tiny], others[tiny], vectors)


def _mixed_by_logarithms(states: Tensor, shares: Tensor, others: Tensor, vectors: Tensor) -> Tensor:
    """Mix rows in which a candidate's probability is too small for float32: slower, and exact there too."""
    mixed = torch.full_like(others, EXCLUDED)
    for answer, share in zip(states.unbind(1), shares.log().unbind(1), strict=True):
        scores = torch.mm(answer, vectors.T).add_(others).log_softmax(1)
        torch.logaddexp(mixed, scores.add_(share.unsqueeze(1)), out=mixed)
    return mixed


def _rows_at_a_time(scores: Tensor) -> int:
    """Choose how many rows of (B, n_items + 1) are mixed at a time; off the CPU all of them are."""
    if scores.device.type != "cpu":
        return max(len(scores), 1)
    return max(math.ceil(CHUNK / scores.shape[1]), ROWS)
