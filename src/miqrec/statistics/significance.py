"""Can a difference between two systems be told from luck? Tests on per-user values of a metric.

A system's values are a (seeds, users) array: row s holds one value a user, of the run with seed s.
The users of two systems are the same and in the same order, so they are compared in pairs; their
seeds have nothing to do with each other, so they are not.

Two kinds of luck are kept apart. The randomisation test and its p value speak of *users*: would
others like these show the same difference between these very runs? The bootstrap interval speaks
of users and *seeds*: where does the difference lie if both are drawn anew? A small p beside an
interval that holds 0 says that other seeds may well end otherwise.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.errors import MiqrecError
from miqrec.system.optional import optional

Values = npt.NDArray[np.float64]

DRAWS = 10_000
CHUNK = 2_000_000  # resampled users held at a time: 16 MB
ROUNDING = 1e-12

LEVEL = 0.05
"""Of all tests, and what the intervals leave out."""


class Spread(NamedTuple):
    """A mean over seeds and its standard deviation (ddof 1; nan with one seed)."""

    mean: float
    deviation: float


def spread(scores: Values) -> Spread:
    """Mean and standard deviation of one score a seed, (seeds,)."""
    deviation = float(scores.std(ddof=1)) if len(scores) > 1 else math.nan
    return Spread(float(scores.mean()), deviation)


def bootstrap_interval(
    system: Values, baseline: Values, *, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """The 95 % percentile interval of the difference of means, users and seeds drawn anew.

    A draw takes as many users as there are, with replacement and the same for both systems, and
    from each system, independently of the other, as many seeds as it has. scipy's bootstrap
    resamples along one axis, hence this one. As it draws from the seeds that there are, it
    understates their variance by (S - 1) / S, and with a single seed it says nothing of seeds.

    Args:
        system: (seeds, users) values.
        baseline: (its seeds, the same users).
        draws: how many.
        seed: of the draws.

    Raises:
        MiqrecError: the shapes don't fit, or values are not finite.
    """
    _check(system, baseline)
    generator = np.random.default_rng(seed)
    values = np.concatenate([system, baseline]).T  # (users, all seeds)
    seed_weights = np.hstack(  # (draws, all seeds); those of the baseline count against
        [_resampled(len(system), draws, generator), -_resampled(len(baseline), draws, generator)]
    )
    differences = np.empty(draws)
    step = max(1, CHUNK // len(values))
    for start in range(0, draws, step):
        part = seed_weights[start : start + step]
        means = _resampled(len(values), len(part), generator) @ values  # (part, all seeds)
        differences[start : start + step] = (means * part).sum(1)
    low, high = np.quantile(differences, [LEVEL / 2, 1 - LEVEL / 2])
    return float(low), float(high)


def sign_flip_test(differences: Values, *, draws: int = DRAWS, seed: int = 0) -> float:
    """Two-sided p value of the sign-flip randomisation test that the mean difference is 0.

    Were the two systems alike, each user's difference could as well have had the other sign. With
    b of n random flips giving a mean at least as far from 0, p = (b + 1) / (n + 1); with few users
    all flips are enumerated, and p is their exact share. Users without a difference are left out
    before, as their sign means nothing, which changes no p and saves most of the time.

    Args:
        differences: (users,) seed-averaged differences.
        draws: n.
        seed: of the flips.
    """
    differing = differences[np.abs(differences) > ROUNDING]
    if len(differing) < 2:  # both flips of a single one are equally far from 0
        return 1.0
    found = optional("scipy.stats").permutation_test(
        (differing,),
        lambda flipped, axis: np.abs(flipped.mean(axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=draws,
        batch=max(1, CHUNK // len(differing)),
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction for a family of tests, in their order: below .05 is significant still."""
    if not p_values:
        return []
    multiple = optional("statsmodels.stats.multitest").multipletests(p_values, method="holm")
    return [float(p) for p in multiple[1]]


def standardised(differences: Values) -> float:
    """d_z = mean / standard deviation of the (users,) paired differences."""
    return ratio(float(differences.mean()), float(differences.std(ddof=1)))


def ratio(numerator: float, denominator: float) -> float:
    """Their quotient; over 0, which happens where nothing varies, infinite or 0."""
    if denominator == 0:
        return math.copysign(math.inf, numerator) if numerator else 0.0
    return numerator / denominator


def _resampled(n: int, draws: int, generator: np.random.Generator) -> Values:
    """(draws, n) the weight of each of n in a sample of n with replacement; rows sum to 1."""
    chosen = generator.integers(n, size=(draws, n))
    places = chosen + n * np.arange(draws)[:, None]
    return np.bincount(places.ravel(), minlength=draws * n).reshape(draws, n) / n


def _check(system: Values, baseline: Values) -> None:
    if system.ndim != 2 or baseline.ndim != 2 or system.shape[1] != baseline.shape[1]:
        raise MiqrecError(
            f"values of shapes {system.shape} and {baseline.shape} can't be paired: give "
            "(seeds, users) with the same users"
        )
    if not len(system) or not len(baseline) or system.shape[1] < 2:
        raise MiqrecError("a comparison needs at least one seed a system, and two users")
    if not (np.isfinite(system).all() and np.isfinite(baseline).all()):
        raise MiqrecError("a metric's values must be finite: some are infinite or not a number")
