r"""Whether a confidence tells what will happen: which lists hit, and how often.

A *confidence* is a number for each question, the higher the surer; an uncertainty has its sign turned.
A *loss* is what a list costs: 1 - HR@k, or 1 - NDCG@k. Arrays are (n,), a question each.

- *Risk and coverage* (El-Yaniv & Wiener, JMLR 2010): the questions are answered from the most confident on.
  At coverage c / n the first c are answered, and the risk is their mean loss. `aurc` is the area under that
  curve, sum over c of the risk at c / n, divided by n (Geifman & El-Yaniv, ICLR 2019). A confidence that says
  nothing has the mean loss of all questions as its area.
- *AUROC*: how likely it is that a list that hits has a higher confidence than one that misses.
- *Calibration*: among lists that are said to hit with probability p, a share of p should. The `reliability`
  diagram compares both in bins of as many questions each, and `calibration_error` averages the differences.

Questions of equal confidence count as answered together: each has the mean loss of them all, so that no
order of the questions is favoured.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.errors import MiqrecError

BINS = 10
"""The bins that probabilities are put into, unless a caller asks for others."""

Values = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


class Curve(NamedTuple):
    """The risk at each coverage, from the most confident question alone to all of them."""

    coverage: Values  # (n,) 1 / n, 2 / n, ..., 1
    risk: Values  # (n,)


class Reliability(NamedTuple):
    """What was said and what happened, in bins of rising probability."""

    said: Values  # (bins,) the mean probability
    happened: Values  # (bins,) the share of questions in which it happened
    questions: npt.NDArray[np.int64]  # (bins,) how many


def risk_coverage(confidence: Values, loss: Values) -> Curve:
    """Compute the risk at each coverage.

    Raises:
        MiqrecError: there are no questions, or not one loss for each confidence.
    """
    _check(confidence, loss)
    _, groups = np.unique(-confidence, return_inverse=True)
    shared = np.bincount(groups, loss) / np.bincount(groups)  # each group's mean loss
    ordered = np.sort(groups)  # the most confident first
    answered = np.arange(1, len(loss) + 1)
    return Curve(answered / len(loss), shared[ordered].cumsum() / answered)


def aurc(confidence: Values, loss: Values) -> float:
    """Compute the area under the curve of risk and coverage, the lower the better."""
    return float(risk_coverage(confidence, loss).risk.mean())


def auroc(confidence: Values, hit: Booleans) -> float:
    """Compute how likely a hit has a higher confidence than a miss, where equal counts half.

    Returns:
        0.5 for a confidence that says nothing; nan where all are hits, or all misses.
    """
    _check(confidence, hit)
    _, groups, sizes = np.unique(confidence, return_inverse=True, return_counts=True)
    ranks = (sizes.cumsum() - (sizes - 1) / 2)[groups]  # from 1; equal ones share their mean rank
    hits, misses = int(hit.sum()), int((~hit).sum())
    if not hits or not misses:
        return float("nan")
    return float((ranks[hit].sum() - hits * (hits + 1) / 2) / (hits * misses))


def reliability(probability: Values, happened: Booleans, bins: int = BINS) -> Reliability:
    """Compare what was said with what happened, in bins of as many questions each, or one fewer.

    Args:
        probability: (n,) how likely it was said to be.
        happened: (n,) whether it happened.
        bins: how many bins.

    Raises:
        MiqrecError: there are fewer questions than bins.
    """
    _check(probability, happened)
    if not 1 <= bins <= len(probability):
        raise MiqrecError(f"{len(probability)} questions can't be put into {bins} bins: use fewer")
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, bins)
    said = np.array([probability[part].mean() for part in parts])
    shares = np.array([happened[part].mean() for part in parts])
    return Reliability(said, shares, np.array([len(part) for part in parts]))


def calibration_error(probability: Values, happened: Booleans, bins: int = BINS) -> float:
    """Average |said - happened| over the bins of `reliability`, by their number of questions (ECE)."""
    found = reliability(probability, happened, bins)
    return float(np.average(np.abs(found.said - found.happened), weights=found.questions))


def _check(confidence: Values, outcome: npt.NDArray[np.generic]) -> None:
    if confidence.shape != outcome.shape or confidence.ndim != 1 or not len(confidence):
        raise MiqrecError(
            f"confidences of shape {confidence.shape} and outcomes of shape {outcome.shape} don't fit: give "
            "one of each for every question"
        )
