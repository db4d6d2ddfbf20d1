"""How much data it would take: users or seeds to see a difference, and what the users at hand show.

To see a difference means that a two-sided t test at .05 finds it with probability .8.
"""

import math

import numpy as np
import numpy.typing as npt

from miqrec.errors import MiqrecError
from miqrec.statistics.significance import LEVEL
from miqrec.system.optional import optional

POWER = 0.8

NOTHING = 1e-6
"""Effects below it are rounding: no amount of data would be enough."""
LARGE = 4.0
"""Deviations beyond which 3 of each do, and the solver finds nothing."""


def users_needed(difference: float, deviation: float) -> int | None:
    """Users that a paired t test needs to see a difference; None if there is none to see.

    Args:
        difference: of the two systems' means.
        deviation: of the users' differences; as measured, it holds the noise of those seeds too.

    Raises:
        MiqrecError: statsmodels is not installed.
    """
    return _size("TTestPower", difference, deviation)


def seeds_needed(
    difference: float, system: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64]
) -> int | None:
    """Seeds *a system* that a t test needs to see a difference between means over seeds.

    The model: on these very users a seed's score is normal around its system's mean, with the same
    variance for both systems, pooled over their seeds. The users stay; training is repeated.

    Args:
        difference: of the two systems' means.
        system: (seeds,) scores.
        baseline: (its seeds,) scores.

    Returns:
        None if there is no difference to see, or if the variance is unknown: with a single seed.
    """
    if min(len(system), len(baseline)) < 2:
        return None
    squares = sum(float(((scores - scores.mean()) ** 2).sum()) for scores in (system, baseline))
    deviation = math.sqrt(squares / (len(system) + len(baseline) - 2))
    return _size("TTestIndPower", difference, deviation)


def detectable_difference(n_users: int, deviation: float) -> float:
    """The smallest difference that a paired t test sees among `n_users`.

    Args:
        n_users: at least 3.
        deviation: of the users' differences.

    Raises:
        MiqrecError: fewer than 3 users, or statsmodels is not installed.
    """
    if n_users < 3:
        raise MiqrecError(f"what {n_users} users would show can't be told; 3 are the least")
    return _solve("TTestPower", nobs=n_users) * deviation


def _size(test: str, difference: float, deviation: float) -> int | None:
    if abs(difference) <= NOTHING * deviation:
        return None
    effect = min(abs(difference) / deviation, LARGE) if deviation else LARGE
    return math.ceil(_solve(test, effect_size=effect))


def _solve(test: str, **known: float) -> float:
    """The size or the effect that is not known; statsmodels may give an array of one, or -effect."""
    power = getattr(optional("statsmodels.stats.power"), test)()
    found = power.solve_power(**known, alpha=LEVEL, power=POWER)
    return float(abs(np.asarray(found).item()))
