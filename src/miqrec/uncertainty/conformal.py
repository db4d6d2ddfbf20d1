r"""Lists that hold the next item with a chosen probability: split conformal prediction.

A *nonconformity* says how badly a question's item fits its distribution p. Of the n questions of validation
the threshold is the ceil((n + 1) c)-th smallest nonconformity (Vovk et al., 2005; Papadopoulos et al.,
ECML 2002). A list then holds all items that fit as well. If test questions were exchangeable with those of
validation, the lists would hold the next item with probability c at least. Leave-one-out's are not, as they
lie later, so the coverage is measured, not promised.

Three nonconformities are known here. Each makes a list that is a beginning of the ranking, so that its
length says all:

- "rank": the item's rank. All lists are equally long.
- "probability": -log p of the item (LAC: Sadinle et al., JASA 2019). The shortest lists on average.
- "cumulated": the probability of all items that are at least as likely (APS without its random part: Romano
  et al., NeurIPS 2020). Lists adapt the most.
"""

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from miqrec.errors import MiqrecError

Nonconformity = Literal["rank", "probability", "cumulated"]

NONCONFORMITIES: tuple[Nonconformity, ...] = get_args(Nonconformity)

ROUNDING = 1e-6
"""What a cumulated probability may be off by, in which a threshold still counts as reached."""


def nonconformity(log_p: Tensor, targets: Tensor, kind: Nonconformity) -> Tensor:
    """Compute how badly each row's target fits, (B,) float64; infinite for an item that is left out.

    Args:
        log_p: (B, n_items + 1) log-probabilities, -inf for what is left out.
        targets: (B,) ids; 0 is an item that the catalogue doesn't have.
        kind: which.
    """
    own = log_p.gather(1, targets.unsqueeze(1)).double()  # (B, 1)
    if kind == "probability":
        return -own.squeeze(1)
    before = log_p >= own  # ties count against the target, as in ranking; the target is among them
    weights = torch.ones_like(log_p) if kind == "rank" else log_p.double().exp()
    found = (weights.double() * before).sum(1)
    return found.masked_fill(own.squeeze(1).isinf(), torch.inf)


def conformal_threshold(nonconformities: npt.NDArray[np.float64], coverage: float) -> float:
    """Find the threshold: the ceil((n + 1) c)-th smallest of n, infinite where there are too few for c.

    Args:
        nonconformities: (n,) of validation.
        coverage: c, between 0 and 1.

    Raises:
        MiqrecError: the coverage is not between 0 and 1, or there are no questions.
    """
    n = len(nonconformities)
    if not 0 < coverage < 1 or not n:
        raise MiqrecError(
            f"a coverage of {coverage} can't be had from {n} questions: give one between 0 and 1"
        )
    place = math.ceil(round((n + 1) * coverage, 9))
    return math.inf if place > n else float(np.sort(nonconformities)[place - 1])


def list_lengths(log_p: Tensor, threshold: float, kind: Nonconformity) -> Tensor:
    """Count how many of the most likely items fit as well as the threshold asks, (B,) int64.

    Args:
        log_p: (B, n_items + 1) log-probabilities, -inf for what is left out.
        threshold: what `conformal_threshold` found.
        kind: which nonconformity it is of.
    """
    candidates = log_p.isfinite().sum(1)
    if kind == "rank":
        return candidates.clamp(max=int(min(threshold, log_p.shape[1])))
    if kind == "probability":
        return (log_p.double() >= -threshold).sum(1) if math.isfinite(threshold) else candidates
    ordered = log_p.double().exp().sort(1, descending=True).values
    reached = (ordered.cumsum(1) <= threshold + ROUNDING).sum(1)
    return torch.minimum(reached, candidates)
