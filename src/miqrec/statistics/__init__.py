"""Statistics: whether the difference of two systems can be told from luck, and how much data that takes.

NumPy is enough to import it; the tests need SciPy and statsmodels (`pip install 'miqrec[experiments]'`).
"""

from miqrec.statistics.power import detectable_difference, seeds_needed, users_needed
from miqrec.statistics.significance import (
    LEVEL,
    bootstrap_interval,
    bootstrap_ratio,
    holm,
    ratio_interval,
    resampled_means,
    sign_flip_test,
)
from miqrec.statistics.values import Spread, per_user, ratio, spread, standardised

__all__ = [
    "LEVEL",
    "Spread",
    "bootstrap_interval",
    "bootstrap_ratio",
    "detectable_difference",
    "holm",
    "per_user",
    "ratio",
    "ratio_interval",
    "resampled_means",
    "seeds_needed",
    "sign_flip_test",
    "spread",
    "standardised",
    "users_needed",
]
