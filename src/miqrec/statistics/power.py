"""How many users or seeds it takes to see a difference, and which differences the users at hand show.

A difference is seen when a two-sided t test at `LEVEL` finds it with probability `POWER`.
"""

import math

import numpy as np

from miqrec.errors import MiqrecError
from miqrec.statistics.significance import LEVEL
from miqrec.statistics.values import Values
from miqrec.system.optional import optional

POWER = 0.8

SMALLEST_EFFECT = 1e-6
"""Smaller effects are rounding errors, which no amount of data shows."""

LARGEST_EFFECT = 4.0
"""For larger effects three of each are enough, and the solver has no solution."""


def users_needed(difference: float, deviation: float) -> int | None:
    """Return the users that a paired t test needs to see a difference.

    Args:
        difference: of the means of two systems.
        deviation: of the users' differences; as it is measured, it includes the noise of the seeds.

    Returns:
        None if there is no difference.

    Raises:
        MiqrecError: statsmodels is not installed.
    """
    return _size("TTestPower", difference, deviation)


def seeds_needed(difference: float, system: Values, baseline: Values) -> int | None:
    """Return the seeds *a system* that a t test needs to see a difference between means over seeds.

    The model behind it: on these very users the score of a seed is normal around the mean of its
    system, with the same variance for both systems, which is pooled over their seeds. The users stay
    the same; only training is repeated.

    Args:
        difference: of the means of the two systems.
        system: (seeds,) scores.
        baseline: (seeds,) scores; its number of seeds may differ.

    Returns:
        None if there is no difference, or if a system has a single seed, so that the variance is
        unknown.

    Raises:
        MiqrecError: statsmodels is not installed.
    """
    if min(len(system), len(baseline)) < 2:
        return None
    squares = sum(float(((scores - scores.mean()) ** 2).sum()) for scores in (system, baseline))
    deviation = math.sqrt(squares / (len(system) + len(baseline) - 2))
    return _size("TTestIndPower", difference, deviation)


def detectable_difference(n_users: int, deviation: float) -> float:
    """Return the smallest difference that a paired t test sees among `n_users`.

    Args:
        n_users: at least 3.
        deviation: of the users' differences.

    Raises:
        MiqrecError: there are fewer than 3 users, or statsmodels is not installed.
    """
    if n_users < 3:
        raise MiqrecError(f"{n_users} users are too few to say what they would show; 3 are enough")
    return _solve("TTestPower", nobs=n_users) * deviation


def _size(test: str, difference: float, deviation: float) -> int | None:
    if abs(difference) <= SMALLEST_EFFECT * deviation:
        return None
    effect = min(abs(difference) / deviation, LARGEST_EFFECT) if deviation else LARGEST_EFFECT
    return math.ceil(_solve(test, effect_size=effect))


def _solve(test: str, **given: float) -> float:
    """Solve for the size or the effect; statsmodels may return an array of one, or minus the effect."""
    power = getattr(optional("statsmodels.stats.power"), test)()
    solution = power.solve_power(**given, alpha=LEVEL, power=POWER)
    return float(abs(np.asarray(solution).item()))
