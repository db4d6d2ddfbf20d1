r"""How far two distributions are apart, from counts.

The Jensen-Shannon divergence (Lin, 1991) of p and q, with their mean r = (p + q) / 2, is

    JSD(p, q) = 1/2 sum_i p_i log2(p_i / r_i) + 1/2 sum_i q_i log2(q_i / r_i)

It lies between 0 for equal distributions and 1 for those without a common value, whichever of them is
called old. The population stability index, sum_i (p_i - q_i) ln(p_i / q_i), is more usual in banking, but
it is infinite as soon as a value is new or gone, which new items always are.
"""

import math

import numpy as np
import numpy.typing as npt

from miqrec.errors import MiqrecError

Counts = npt.NDArray[np.int64]


def jensen_shannon(old: Counts, new: Counts) -> float:
    """Compute the Jensen-Shannon divergence of two samples, in bits.

    Args:
        old: (n,) how often each value was seen then.
        new: (n,) how often it was seen now, the same values in the same order.

    Raises:
        MiqrecError: the counts are of other values, or a sample is empty.
    """
    p, q = _shares(old, new)
    middle = (p + q) / 2
    return max((_information(p, middle) + _information(q, middle)) / 2, 0.0)


def chance_level(old: Counts, new: Counts) -> float:
    """Compute the divergence to expect of two samples that are drawn from the same distribution.

    For small differences JSD is sum_i (p_i - q_i)^2 / (8 ln(2) r_i), and the expectation of that for samples
    of n and m from one distribution over v values is (v - 1) (1/n + 1/m) / (8 ln 2). Values that neither
    has seen don't count.

    Args:
        old: (n,) counts, as for `jensen_shannon`.
        new: (n,) counts.
    """
    _shares(old, new)
    values = int(((old > 0) | (new > 0)).sum())
    return (values - 1) * float(1 / old.sum() + 1 / new.sum()) / (8 * math.log(2))


def _shares(old: Counts, new: Counts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if old.shape != new.shape:
        raise MiqrecError(
            f"counts of {len(old)} and of {len(new)} values can't be compared; count the same values"
        )
    if not (old.sum() and new.sum()):
        raise MiqrecError("there is nothing to compare: a sample has no values")
    return old / old.sum(), new / new.sum()


def _information(p: npt.NDArray[np.float64], r: npt.NDArray[np.float64]) -> float:
    seen = p > 0
    return float((p[seen] * np.log2(p[seen] / r[seen])).sum())
