"""The comparisons that a study names, tested on the values of its runs by user."""

from typing import Literal, NamedTuple

from miqrec.experiments.report.results import Results
from miqrec.experiments.studies.study import Pair
from miqrec.statistics import (
    LEVEL,
    bootstrap_interval,
    detectable_difference,
    holm,
    ratio,
    seeds_needed,
    sign_flip_test,
    standardised,
    users_needed,
)

TESTED = ("NDCG@10", "HR@10")
"""The metrics that every pair is tested in; p values are corrected for the tests of all pairs."""

Verdict = Literal["better", "worse", "unclear"]


class Comparison(NamedTuple):
    """A system beside its baseline in one metric; positive differences favour the system."""

    system: str
    baseline: str
    metric: str
    difference: float
    low: float  # of the 95 % interval over users and seeds
    high: float
    p: float  # of the sign-flip test over users
    corrected: float  # p after Holm's correction for all tests of the study
    effect: float  # d_z, the standardised paired difference
    relative: float  # the difference as a share of the baseline's mean
    users_needed: int | None  # to see this difference with power .8; None if there is none
    seeds_needed: int | None  # likewise, a system; None too where one has a single seed
    detectable: float  # the difference that the users at hand show with power .8

    @property
    def verdict(self) -> Verdict:
        """Better or worse only if the corrected p value is below the level."""
        if self.corrected >= LEVEL:
            return "unclear"
        return "better" if self.difference > 0 else "worse"

    @property
    def depends_on_seeds(self) -> bool:
        """Whether users can't have made the difference, but seeds can: the interval holds 0."""
        return self.verdict != "unclear" and self.low <= 0 <= self.high


def compare_pairs(results: Results) -> list[Comparison]:
    """Test all pairs whose systems both have finished runs, each in both tested metrics."""
    pairs = [
        pair
        for pair in results.study.pairs
        if pair.system in results.ranks and pair.baseline in results.ranks
    ]
    tested = [_compare(results, pair, metric) for pair in pairs for metric in TESTED]
    corrected = holm([comparison.p for comparison in tested])
    return [
        comparison._replace(corrected=p) for comparison, p in zip(tested, corrected, strict=True)
    ]


def _compare(results: Results, pair: Pair, metric: str) -> Comparison:
    system, baseline = results.values(pair.system, metric), results.values(pair.baseline, metric)
    differences = system.mean(0) - baseline.mean(0)  # (users,)
    difference, deviation = float(differences.mean()), float(differences.std(ddof=1))
    low, high = bootstrap_interval(system, baseline)
    p = sign_flip_test(differences)
    return Comparison(
        *(pair.system, pair.baseline, metric, difference, low, high, p),
        corrected=p,
        effect=standardised(differences),
        relative=ratio(difference, float(baseline.mean())),
        users_needed=users_needed(difference, deviation),
        seeds_needed=seeds_needed(difference, system.mean(1), baseline.mean(1)),
        detectable=detectable_difference(len(differences), deviation),
    )
