"""How alike two lists are: by their first places most of all, or as sets.

Lists are tensors of item ids, best first, whose last dimension is the place in the list. Id 0 means that
there is no item at a place, as where a user has had nearly all of them; what isn't there is alike in both
lists if it isn't there at the same place, so that a short list is fully alike to itself.
"""

import torch
from torch import Tensor

from miqrec.errors import MiqrecError

PERSISTENCE = 0.9
"""The p of `frbo`: how likely a reader is to look at one more place."""


def frbo(a: Tensor, b: Tensor, k: int, p: float = PERSISTENCE) -> Tensor:
    r"""Compute the finite rank-biased overlap of lists.

    With A_d and B_d the first d items of each list,

        FRBO@k = (1 - p) / (1 - p^k) * sum over d = 1..k of p^(d-1) * |A_d and B_d| / d

    It is 1 for equal lists and 0 for lists without a common item (Betello et al., ECIR 2024,
    arXiv 2307.13165, after the rank-biased overlap of Webber et al., 2010, whose sum has no end). With
    p = .9 and k = 10 the first place takes part in every term, and the last in one, which weighs 6 %.

    Args:
        a: (..., n) ids, best first, n >= k.
        b: (..., n) ids, in the shape of `a`.
        k: how many places count.
        p: between 0 and 1; the smaller, the more the first places count.

    Returns:
        (...) float64 in 0..1.

    Raises:
        MiqrecError: the shapes differ, a list is shorter than k, or p is not between 0 and 1.
    """
    if not 0 < p < 1:
        raise MiqrecError(f"p is {p}: it must be between 0 and 1")
    overlaps = _same(a, b, k).cumsum(-1).cumsum(-2).diagonal(dim1=-2, dim2=-1)  # (..., k)
    depths = torch.arange(1, k + 1, device=a.device, dtype=torch.float64)
    weights = (1 - p) / (1 - p**k) * p ** (depths - 1)
    return (weights * overlaps / depths).sum(-1)


def jaccard(a: Tensor, b: Tensor, k: int) -> Tensor:
    """Compute |A and B| / |A or B| of the first k items of each list.

    Args:
        a: (..., n) ids, n >= k.
        b: (..., n) ids, in the shape of `a`.
        k: how many places count.

    Returns:
        (...) float64 in 0..1.

    Raises:
        MiqrecError: the shapes differ, or a list is shorter than k.
    """
    common = _same(a, b, k).sum((-2, -1)).double()
    return common / (2 * k - common)


def _same(a: Tensor, b: Tensor, k: int) -> Tensor:
    """Mark the places (..., k, k) of one list whose item stands at a place of the other."""
    if a.shape != b.shape or not 1 <= k <= a.shape[-1]:
        raise MiqrecError(
            f"lists of shapes {tuple(a.shape)} and {tuple(b.shape)} can't be compared at k = {k}: give lists "
            "of the same shape and of at least k places"
        )
    one, other = a[..., :k, None], b[..., None, :k]
    here = torch.eye(k, dtype=torch.bool, device=a.device)
    return (one == other) & ((one != 0) | here)
