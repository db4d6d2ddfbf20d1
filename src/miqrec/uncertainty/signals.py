r"""What tells how sure a list is, from one pass, or from the passes of several seeds.

All of these are read off distributions over the candidates, p = softmax of the scores over the items that
a list may hold. A distribution is a tensor of log-probabilities (B, n_items + 1), -inf for what is left out.

| function           | of                 | formula                                                      |
|--------------------|--------------------|--------------------------------------------------------------|
| `entropy`          | one distribution   | H(p) = -sum_i p_i log p_i, in nats                           |
| `margin`           | one distribution   | p of the first item less p of the second                     |
| `list_probability` | one distribution   | sum of p over the first k items: how likely the list hits    |
| `disagreement`     | several            | H(sum_j a_j q_j) - sum_j a_j H(q_j), in nats                 |
| `dispersion`       | vectors            | 1 - \|mean_j o_j\|^2 / mean_j \|o_j\|^2, in 0..1             |

The disagreement is the Jensen-Shannon divergence of the distributions q_j with weights a_j. Between the
answers of several positions it costs nothing but their softmaxes; between several seeds of a model it is the
mutual information by which ensembles tell what a model doesn't know from what nobody can (Lakshminarayanan
et al., NeurIPS 2017; Depeweg et al., ICML 2018).
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from miqrec.errors import MiqrecError


def entropy(log_p: Tensor) -> Tensor:
    """Compute H(p) in nats, (B,) float64 from (B, n_items + 1)."""
    terms: Tensor = torch.special.entr(log_p.exp())
    return terms.sum(-1, dtype=torch.float64)


def margin(log_p: Tensor) -> Tensor:
    """Compute by how much the first item is more likely than the second, (B,) in 0..1."""
    first, second = log_p.topk(2).values.exp().unbind(-1)
    return first - second


def list_probability(log_p: Tensor, k: int) -> Tensor:
    """Compute how likely it is that the k most likely items hold the next one, (B,) in 0..1.

    Raises:
        MiqrecError: k is below 1 or above the number of items.
    """
    if not 1 <= k < log_p.shape[1]:
        raise MiqrecError(
            f"k is {k}, but the catalogue has {log_p.shape[1] - 1} items: ask for fewer"
        )
    return log_p.topk(k).values.exp().sum(-1)


def disagreement(answers: Iterable[Tensor], shares: Tensor) -> Tensor:
    """Compute how far several distributions are apart, (B,) float64; 0 where they are equal.

    Args:
        answers: n distributions (B, n_items + 1), which are needed one at a time.
        shares: (n,) or (B, n) their weights, which sum to 1.
    """
    mixed, expected = torch.zeros(()), torch.zeros((), dtype=torch.float64)
    for log_q, share in zip(answers, shares.unbind(-1), strict=True):
        mixed = mixed + share.unsqueeze(-1) * log_q.exp()
        expected = expected + share * entropy(log_q)
    return (entropy(mixed.log()) - expected).clamp(min=0)


def dispersion(vectors: Tensor) -> Tensor:
    """Compute how far several vectors (B, m, D) are from being one and the same, (B,) in 0..1."""
    centre = vectors.mean(1).square().sum(-1)
    return 1 - centre / vectors.square().sum(-1).mean(1)
