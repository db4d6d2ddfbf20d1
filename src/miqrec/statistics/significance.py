"""Tests of whether the difference of two systems can be told from luck, on a metric's values by user.

A system's values are a (seeds, users) array, whose row s has the values of the run with seed s (see
`per_user`). Two systems have the same users in the same order, so that the users are compared in
pairs. Their seeds have nothing to do with each other and are not paired.

Two kinds of luck are kept apart. The sign-flip test and its p value are about *users*: would others
like these show a difference between these very runs? The bootstrap interval is about users and
*seeds*: where does the difference lie if both are drawn again? A small p beside an interval that holds
0 means that other seeds may well reverse the difference.
"""

from collections.abc import Sequence

import numpy as np

from miqrec.errors import MiqrecError
from miqrec.statistics.values import Values
from miqrec.system.optional import optional

DRAWS = 10_000

CHUNK = 2_000_000
"""Resampled users held in memory at a time: 16 MB."""

ROUNDING = 1e-12
"""Differences that are not larger count as none."""

LEVEL = 0.05
"""The level of all tests; intervals leave out this share of the draws."""


def bootstrap_interval(
    system: Values, baseline: Values, *, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the difference of means over users and seeds.

    Each draw takes as many users as there are, with replacement and the same for both systems, and of
    each system as many seeds as it has, independently of the other's. (SciPy's bootstrap draws along
    one axis only.) Since seeds are drawn from those that there are, the interval understates their
    variance by the factor (S - 1) / S; with a single seed it covers users alone.

    Args:
        system: (seeds, users) values.
        baseline: (seeds, users) values of the same users; its number of seeds may differ.
        draws: how many draws.
        seed: the seed of the draws.

    Raises:
        MiqrecError: the shapes don't fit, or values are not finite.
    """
    _check(system, baseline)
    generator = np.random.default_rng(seed)
    values = np.concatenate([system, baseline]).T  # (users, all seeds)
    seed_weights = np.hstack(  # (draws, all seeds); those of the baseline are negative
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
    """Return the two-sided p value of the sign-flip test that the mean difference is 0.

    If the systems were alike, the difference of each user could as well have the other sign. When b of
    n random flips give a mean at least as far from 0 as the true one, p = (b + 1) / (n + 1); with few
    users all flips are enumerated, and p is their exact share. Users without a difference are left out
    first: flipping them changes nothing, and most of the time is saved.

    Args:
        differences: (users,) differences of the values averaged over seeds.
        draws: n.
        seed: the seed of the flips.

    Raises:
        MiqrecError: SciPy is not installed.
    """
    differing = differences[np.abs(differences) > ROUNDING]
    if len(differing) < 2:  # both flips of a single user are equally far from 0
        return 1.0
    test = optional("scipy.stats").permutation_test(
        (differing,),
        lambda flipped, axis: np.abs(flipped.mean(axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=draws,
        batch=max(1, CHUNK // len(differing)),
        rng=np.random.default_rng(seed),
    )
    return float(test.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p values of a family of tests by Holm's method; `LEVEL` applies to what is returned.

    Raises:
        MiqrecError: statsmodels is not installed.
    """
    if not p_values:
        return []
    multiple = optional("statsmodels.stats.multitest").multipletests(p_values, method="holm")
    return [float(p) for p in multiple[1]]


def _resampled(n: int, draws: int, generator: np.random.Generator) -> Values:
    """Return (draws, n) the weight of each of n in samples of n with replacement; rows sum to 1."""
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
