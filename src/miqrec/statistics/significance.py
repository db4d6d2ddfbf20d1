"""Tests of whether the difference of two systems can be told from luck, on a metric's values by user.

A system's values are a (seeds, users) array, whose row s has the values of the run with seed s (see
`per_user`). Two systems have the same users in the same order, so that the users are compared in
pairs. Their seeds have nothing to do with each other, and are paired only where a caller says that
they have: where the same trained model is used in two ways, or two systems start from the same seed.

Two kinds of luck are kept apart. The sign-flip test and its p value are about *users*: would others
like these show a difference between these very runs? The bootstrap interval is about users and
*seeds*: where does the difference lie if both are drawn again? A small p beside an interval that holds
0 means that other seeds may well reverse the difference.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from miqrec.errors import MiqrecError
from miqrec.statistics.values import Values
from miqrec.system.optional import optional

DRAWS = 10_000

CHUNK = 2_000_000
"""Resampled users held in memory at a time: 16 MB."""

ROUNDING = 1e-12
"""Differences that are not larger count as none."""

TIES = 100 * np.finfo(float).eps
"""The share of all absolute differences by which sums that are equally far from 0 may differ by rounding."""

LEVEL = 0.05
"""The level of all tests; intervals leave out this share of the draws."""


def resampled_means(
    systems: Sequence[Values], *, pair_seeds: bool = False, draws: int = DRAWS, seed: int = 0
) -> Values:
    """Draw users and seeds again, and return each system's mean in each draw: (systems, draws).

    Each draw takes as many users as there are, with replacement and the same for all systems, and of
    each system as many seeds as it has, independently of the others' or, with `pair_seeds`, the same.
    (SciPy's bootstrap draws along one axis only.) Many systems, or metrics, cost hardly more than one.

    Args:
        systems: (seeds, users) values of each, of the same users; the numbers of seeds may differ.
        pair_seeds: row s of all belongs to the same seed, and a draw takes it from all or from none.
        draws: how many draws.
        seed: the seed of the draws.

    Raises:
        MiqrecError: the shapes don't fit, or values are not finite.
    """
    _check(systems, pair_seeds=pair_seeds)
    generator = np.random.default_rng(seed)
    values = np.concatenate(systems).T  # (users, all seeds)
    sizes = [len(system) for system in systems]
    seeds = [_resampled(size, draws, generator) for size in (sizes[:1] if pair_seeds else sizes)]
    chosen = seeds * len(systems) if pair_seeds else seeds  # (draws, seeds) of each
    means = np.empty((len(systems), draws))
    step = max(1, CHUNK // len(values))
    for start in range(0, draws, step):
        part = slice(start, min(start + step, draws))
        drawn = _resampled(len(values), part.stop - start, generator) @ values  # (part, all seeds)
        of_systems = np.split(drawn, np.cumsum(sizes)[:-1], axis=1)
        for i, (of_system, weights) in enumerate(zip(of_systems, chosen, strict=True)):
            means[i, part] = (of_system * weights[part]).sum(1)
    return means


def bootstrap_interval(
    system: Values,
    baseline: Values,
    *,
    pair_seeds: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the difference of means over users and seeds.

    Users and seeds are drawn as by `resampled_means`. Since seeds are drawn from those that there are, the
    interval understates their variance by the factor (S - 1) / S; with a single seed it covers users alone.

    Args:
        system: (seeds, users) values.
        baseline: (seeds, users) values of the same users; its number of seeds may differ.
        pair_seeds: row s of both belongs to the same seed, and a draw takes both rows or neither.
        draws: how many draws.
        seed: the seed of the draws.

    Raises:
        MiqrecError: the shapes don't fit, or values are not finite.
    """
    means = resampled_means((system, baseline), pair_seeds=pair_seeds, draws=draws, seed=seed)
    low, high = np.quantile(means[0] - means[1], [LEVEL / 2, 1 - LEVEL / 2])
    return float(low), float(high)


def bootstrap_ratio(
    system: Values,
    baseline: Values,
    *,
    pair_seeds: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the system's mean over the baseline's.

    Users and seeds are drawn as by `bootstrap_interval`. A draw whose baseline has a mean of 0 counts as
    infinite, or as 0 where the system's is 0 too.

    Raises:
        MiqrecError: the shapes don't fit, or values are not finite.
    """
    means = resampled_means((system, baseline), pair_seeds=pair_seeds, draws=draws, seed=seed)
    return ratio_interval(*means)


def ratio_interval(numerators: Values, denominators: Values) -> tuple[float, float]:
    """Return the 95 % percentile interval of the ratio of two means, from (draws,) of each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.nan_to_num(numerators / denominators, nan=0.0, posinf=np.inf, neginf=-np.inf)
    ordered = np.sort(
        ratios
    )  # nothing lies between two infinities, so the bounds are two of the draws
    low, high = (round(share * (len(ordered) - 1)) for share in (LEVEL / 2, 1 - LEVEL / 2))
    return float(ordered[low]), float(ordered[high])


def sign_flip_test(differences: Values, *, draws: int = DRAWS, seed: int = 0) -> float:
    """Return the two-sided p value of the sign-flip test that the mean difference is 0.

    If the systems were alike, the difference of each user could as well have the other sign. When b of
    n random flips give a mean at least as far from 0 as the true one, p = (b + 1) / (n + 1); with few
    users all flips are enumerated, and p is their exact share. Users without a difference are left out
    first: flipping them changes nothing, and most of the time is saved. The flips are those of SciPy's
    `permutation_test` from the same generator, and so is p but for the rounding of ties, 25 times as fast
    (benchmarks/README.md).

    Args:
        differences: (users,) differences of the values averaged over seeds.
        draws: n.
        seed: the seed of the flips.

    Raises:
        MiqrecError: a difference is not finite.
    """
    _check_finite(differences)
    differing = differences[np.abs(differences) > ROUNDING]
    n = len(differing)
    if n < 2:  # both flips of a single user are equally far from 0
        return 1.0
    total = differing.sum()
    least = abs(total) - TIES * np.abs(differing).sum()
    far = sum(
        np.count_nonzero(np.abs(total - 2 * (flips @ differing)) >= least)
        for flips in _flips(n, draws, np.random.default_rng(seed))
    )
    return float(far / 2**n if 2**n <= draws else (far + 1) / (draws + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p values of a family of tests by Holm's method; `LEVEL` applies to what is returned.

    Raises:
        MiqrecError: statsmodels is not installed.
    """
    if not p_values:
        return []
    multiple = optional("statsmodels.stats.multitest").multipletests(p_values, method="holm")
    return [float(p) for p in multiple[1]]


def _flips(n: int, draws: int, generator: np.random.Generator) -> Iterator[Values]:
    """Yield (part, n) whose sign is flipped, 1 or 0: all there are, or as many random ones as draws."""
    is_all, step = 2**n <= draws, max(1, CHUNK // n)
    flips = 2**n if is_all else draws
    for start in range(0, flips, step):
        stop = min(start + step, flips)
        if is_all:
            yield (np.arange(start, stop)[:, None] >> np.arange(n) & 1).astype(float)
        else:
            bits = generator.integers(2**32, size=(stop - start, n), dtype=np.uint32)
            yield (bits & 1).astype(float)


def _resampled(n: int, draws: int, generator: np.random.Generator) -> Values:
    """Return (draws, n) the weight of each of n in samples of n with replacement; rows sum to 1."""
    chosen = generator.integers(n, size=(draws, n))
    places = chosen + n * np.arange(draws)[:, None]
    return np.bincount(places.ravel(), minlength=draws * n).reshape(draws, n) / n


def _check(systems: Sequence[Values], *, pair_seeds: bool) -> None:
    shapes = [system.shape for system in systems]
    if any(len(shape) != 2 or shape[1] != shapes[0][1] for shape in shapes):
        raise MiqrecError(
            f"values of shapes {' and '.join(map(str, shapes))} can't be paired: give "
            "(seeds, users) with the same users"
        )
    if not all(map(len, systems)) or shapes[0][1] < 2:
        raise MiqrecError("a comparison needs at least one seed a system, and two users")
    if pair_seeds and len(set(map(len, systems))) > 1:
        raise MiqrecError(
            f"{' and '.join(str(len(system)) for system in systems)} seeds can't be paired: "
            "give the seeds that all systems have"
        )
    for system in systems:
        _check_finite(system)


def _check_finite(values: Values) -> None:
    if not np.isfinite(values).all():
        raise MiqrecError("a metric's values must be finite: some are infinite or not a number")
