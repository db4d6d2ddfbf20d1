"""Systems beside a baseline, by what was measured of both: differences, ratios and tests."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from miqrec.errors import MiqrecError
from miqrec.stability.summary import Key, Measured, bounds
from miqrec.statistics import holm, ratio, ratio_interval, resampled_means, sign_flip_test
from miqrec.statistics.values import Values


class Comparison(NamedTuple):
    """A system beside a baseline, by one metric under one noise."""

    noise: str
    metric: str
    difference: float
    low: float  # of the 95 % interval over users and seeds
    high: float
    ratio: float  # the system's mean over the baseline's; nan where that is 0
    ratio_low: float
    ratio_high: float
    p: float  # of the sign-flip test over users
    corrected: float  # p after Holm's correction for all tests that were made together
    seeds: int  # that both have, drawn in pairs; 0 where they share none, and are drawn apart


def compare(
    system: Measured, baseline: Measured, keys: Sequence[Key], *, pair_seeds: bool = True
) -> list[Comparison]:
    """Test the differences of two systems; `correct` then takes the number of all tests into account.

    Seeds that both systems have are drawn together, and others are left out. Where they share none, or
    `pair_seeds` is false, all are drawn apart.

    Args:
        system: measured on the same questions as the baseline.
        baseline: what it is compared with.
        keys: the noises and metrics that are tested.
        pair_seeds: the same number is the same seed in both; those of ensembles and single models are not.

    Raises:
        MiqrecError: one of the systems was not measured so, or they were asked different questions.
    """
    for key in keys:
        if key not in system.values or key not in baseline.values:
            raise MiqrecError(
                f"{key[1]} under {key[0]} was not measured for both systems; leave it out"
            )
    if not keys:
        return []
    shared = sorted({*system.seeds} & {*baseline.seeds}) if pair_seeds else []
    one, other = (
        [_seeds(measured, shared or measured.seeds, key) for key in keys]
        for measured in (system, baseline)
    )
    if shared:
        drawn = np.split(resampled_means([*one, *other], pair_seeds=True), 2)
    else:
        pairs = [resampled_means(pair) for pair in zip(one, other, strict=True)]
        drawn = [np.stack([pair[side] for pair in pairs]) for side in (0, 1)]
    return [
        _comparison(key, (a, b), (drawn_a, drawn_b), len(shared))
        for key, a, b, drawn_a, drawn_b in zip(keys, one, other, *drawn, strict=True)
    ]


def correct(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Correct the p values of tests that were made together by Holm's method."""
    corrected = holm([comparison.p for comparison in comparisons])
    return [
        comparison._replace(corrected=p)
        for comparison, p in zip(comparisons, corrected, strict=True)
    ]


def _seeds(system: Measured, seeds: Sequence[int], key: Key) -> Values:
    rows = [system.seeds.index(seed) for seed in seeds]
    return system.values[key][rows]


def _comparison(
    key: Key, values: tuple[Values, Values], drawn: tuple[Values, Values], seeds: int
) -> Comparison:
    system, baseline = values
    differences = system.mean(0) - baseline.mean(0)  # (users,)
    p = sign_flip_test(differences)
    low, high = bounds(drawn[0] - drawn[1]).values()
    mean = float(system.mean()), float(baseline.mean())
    ratios = (ratio(*mean), *ratio_interval(*drawn)) if mean[1] else (math.nan,) * 3
    return Comparison(
        *key,
        *(float(differences.mean()), low, high),
        *ratios,
        p,
        corrected=p,
        seeds=seeds,
    )
