"""Metrics of ranked lists with one target each, from integer ranks (1 is best).

They need nothing else of the library. Every function returns one float64 a user; `summary`
averages over users.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from miqrec.errors import MiqrecError

CUTOFFS = (5, 10, 20)

METRICS = (*(f"{name}@{k}" for k in CUTOFFS for name in ("HR", "NDCG")), "MRR")
"""The metrics of `summary` and of every table, in their order."""


def hit_rate(ranks: Tensor, k: int) -> Tensor:
    """HR@k = [rank <= k], (B,) float64 from (B,) integer ranks."""
    _check(ranks, k)
    return (ranks <= k).double()


def ndcg(ranks: Tensor, k: int) -> Tensor:
    """NDCG@k = [rank <= k] / log2(rank + 1), (B,) float64 from (B,) integer ranks.

    With one target the ideal list has a gain of 1, so nothing is left to normalise by.
    """
    return hit_rate(ranks, k) / torch.log2(ranks.double() + 1)


def reciprocal_rank(ranks: Tensor) -> Tensor:
    """1 / rank without a cutoff, (B,) float64 from (B,) integer ranks; its mean is MRR."""
    _check(ranks)
    return 1 / ranks.double()


def metric_values(ranks: Tensor, metric: str) -> Tensor:
    """Compute `HR@k`, `NDCG@k` or `MRR` for each rank, float64 in the shape of `ranks`.

    Raises:
        MiqrecError: if there is no such metric, there are no ranks, or one is below 1.
    """
    name, _, cutoff = metric.partition("@")
    if metric == "MRR":
        return reciprocal_rank(ranks)
    if name not in ("HR", "NDCG") or not cutoff.isdecimal():
        raise MiqrecError(f"there is no metric {metric!r}; name HR@k, NDCG@k or MRR")
    return {"HR": hit_rate, "NDCG": ndcg}[name](ranks, int(cutoff))


def summary(ranks: Tensor, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, float]:
    """Means over users: `HR@k` and `NDCG@k` for each cutoff, then `MRR`.

    Args:
        ranks: (n_users,) integers >= 1.
        cutoffs: the k, in the order in which they are to appear.

    Raises:
        MiqrecError: if there are no ranks, one is below 1, or a cutoff is below 1.
    """
    means = {}
    for k in cutoffs:
        means[f"HR@{k}"] = hit_rate(ranks, k).mean().item()
        means[f"NDCG@{k}"] = ndcg(ranks, k).mean().item()
    return means | {"MRR": reciprocal_rank(ranks).mean().item()}


def _check(ranks: Tensor, k: int = 1) -> None:
    if k < 1:
        raise MiqrecError(f"the cutoff k is {k}: it must be at least 1")
    if ranks.numel() == 0:
        raise MiqrecError("there are no ranks to measure: no user had a target")
    if ranks.is_floating_point() or ranks.min() < 1:
        raise MiqrecError("ranks must be whole numbers from 1 upwards, 1 being the best")
