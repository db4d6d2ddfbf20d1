"""Tests of significance: exact answers where they can be counted, direction, and calibration."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from miqrec.errors import MiqrecError
from miqrec.statistics import (
    bootstrap_interval,
    bootstrap_ratio,
    holm,
    sign_flip_test,
    significance,
    standardised,
)

DIFFERENCES = st.lists(st.integers(-8, 8), min_size=2, max_size=30).map(
    lambda numbers: np.array(numbers, dtype=float)
)


def values(*seeds: list[float]) -> np.ndarray:
    return np.array(seeds, dtype=float)


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1, 2, 3], 2 / 8),  # of 8 flips, +1 +2 +3 and -1 -2 -3 are as far from 0
        ([1, 1, 1, -1], (16 - 6) / 16),  # all but the 6 flips that sum to 0
        ([3, -1], 4 / 4),  # |3 + 1| and |3 - 1|: the smallest there is
        ([0, 1, 0, 2, 3], 2 / 8),  # who sees no difference has no say
        ([5], 1.0),
        ([0, 0], 1.0),
    ],
)
def test_few_users_have_the_exact_p_of_all_sign_flips(differences, p):
    assert sign_flip_test(np.array(differences, dtype=float)) == pytest.approx(p)


@pytest.mark.parametrize(
    "differences", [[0.1, 0.2, 0.1, -0.3, -0.3, 0.2], [0.1, -0.3, 0.1, 0.1, -0.3, 0.2, 0.1]]
)
def test_differences_that_cancel_out_are_as_near_to_0_as_can_be(differences):
    """Their sum is 0 but for rounding, and all flips are at least as far from it."""
    assert sign_flip_test(np.array(differences)) == 1


def test_a_difference_that_is_no_number_is_refused():
    with pytest.raises(MiqrecError, match="must be finite"):
        sign_flip_test(np.array([1.0, math.inf]))


@pytest.mark.parametrize("users", [5, 10, 40, 301])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_flips_and_p_are_those_of_scipys_permutation_test(users, seed):
    """Seen with SciPy 1.17; another version may flip in another order."""
    generator = np.random.default_rng(seed)
    for differences in (
        generator.normal(0.05, 1, users),
        generator.choice([-2, -1, 1, 3], users) / 7,
    ):
        test = permutation_test(
            (differences,),
            lambda flipped, axis: np.abs(flipped.mean(axis)),
            permutation_type="samples",
            alternative="greater",
            n_resamples=2000,
            rng=np.random.default_rng(seed),
        )
        assert sign_flip_test(differences, draws=2000, seed=seed) == test.pvalue


def test_flips_are_the_same_in_whatever_chunks_they_are_drawn(monkeypatch):
    many, few = (np.random.default_rng(0).normal(size=size) for size in (301, 9))
    whole = [sign_flip_test(differences, draws=1000) for differences in (many, few)]
    monkeypatch.setattr(significance, "CHUNK", 301 * 7)
    assert [sign_flip_test(differences, draws=1000) for differences in (many, few)] == whole


def test_p_is_b_plus_1_by_n_plus_1():
    assert sign_flip_test(np.ones(60), draws=999) == (0 + 1) / (999 + 1)


def test_the_test_has_a_direction():
    noise = np.random.default_rng(0).normal(size=(3, 400))
    better, worse = noise + 0.3, noise - 0.3

    assert sign_flip_test((better - noise).mean(0)) < 0.001
    assert sign_flip_test((worse - noise).mean(0)) < 0.001
    assert sign_flip_test((noise - noise).mean(0)) == 1
    assert bootstrap_interval(better, noise)[0] > 0
    assert bootstrap_interval(worse, noise)[1] < 0
    assert standardised(np.array([1.0, 3.0])) == pytest.approx(2 / math.sqrt(2))
    assert standardised(np.array([-1.0, -3.0])) == pytest.approx(-2 / math.sqrt(2))


def test_p_is_uniform_where_there_is_nothing_to_find():
    generator = np.random.default_rng(1)
    p_values = [sign_flip_test(generator.normal(size=40), draws=200, seed=i) for i in range(400)]

    for share in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(np.array(p_values) <= share) == pytest.approx(share, abs=0.05)


def test_the_interval_is_the_range_of_what_can_be_drawn():
    """Of two users with differences 0 and 1, a quarter of the draws take one twice."""
    assert bootstrap_interval(values([0, 1]), values([0, 0])) == (0, 1)


def test_seeds_are_drawn_too_and_each_systems_on_their_own():
    alike = values([0, 0], [1, 1])  # users alike, seeds far apart

    assert bootstrap_interval(alike.mean(0, keepdims=True), values([0, 0])) == (0.5, 0.5)
    assert bootstrap_interval(alike, values([0, 0])) == (0, 1)
    assert bootstrap_interval(alike, alike) == (-1, 1)  # together they cancel
    assert bootstrap_interval(alike, alike, pair_seeds=True) == (0, 0)


def test_paired_seeds_leave_the_difference_that_each_seed_shows():
    baseline = values([1, 1], [3, 3])
    system = values([1.5, 1.5], [3.25, 3.25])  # seed 0 gains .5, seed 1 gains .25

    assert bootstrap_interval(system, baseline, pair_seeds=True) == (0.25, 0.5)
    assert bootstrap_interval(system, baseline) == (1.5 - 3, 3.25 - 1)


def test_a_ratio_of_means_has_an_interval_too():
    baseline = values([1, 2], [2, 4])

    assert bootstrap_ratio(baseline * 3, baseline, pair_seeds=True) == pytest.approx((3, 3))
    assert bootstrap_ratio(baseline * 3, baseline) == pytest.approx((3 / 2, 3 * 2))
    assert bootstrap_ratio(values([1, 0]), values([1, 1])) == (0, 1)
    assert bootstrap_ratio(values([0, 0]), values([0, 0])) == (0, 0)
    assert bootstrap_ratio(values([1, 1]), values([0, 0])) == (math.inf, math.inf)


def test_seeds_that_are_not_as_many_have_no_pairs():
    with pytest.raises(MiqrecError, match="2 and 1 seeds can't be paired"):
        bootstrap_interval(values([1, 2], [1, 2]), values([1, 2]), pair_seeds=True)


def test_many_users_have_the_interval_of_the_normal_distribution():
    differences = np.random.default_rng(2).normal(0.1, 1, size=(1, 900))
    low, high = bootstrap_interval(differences, np.zeros((1, 900)))

    half = 1.96 * differences.std() / math.sqrt(900)
    assert (low + high) / 2 == pytest.approx(differences.mean(), abs=0.1 * half)
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)


def test_what_a_user_adds_to_both_systems_cancels():
    system, baseline, easy = np.random.default_rng(3).normal(size=(3, 2, 50))

    plain = bootstrap_interval(system, baseline, draws=500)
    shifted = bootstrap_interval(system + easy[0] * 9, baseline + easy[0] * 9, draws=500)
    assert shifted == pytest.approx(plain)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(4)
    held = 0
    for i in range(200):
        low, high = bootstrap_interval(*generator.normal(size=(2, 1, 60)), draws=400, seed=i)
        held += low <= 0 <= high

    assert 0.90 <= held / 200 <= 0.98


def test_memory_is_bounded_and_the_result_the_same(monkeypatch):
    system, baseline = np.random.default_rng(5).normal(size=(2, 3, 40))
    whole = bootstrap_interval(system, baseline, draws=300)

    monkeypatch.setattr(significance, "CHUNK", 100)
    assert bootstrap_interval(system, baseline, draws=300) == pytest.approx(whole)


def test_holm_multiplies_the_smallest_most():
    # in order: 3 * .01, then 2 * .03, then 1 * .04, which may not be below the one before
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([3 * 0.01, 2 * 0.03, 2 * 0.03])
    assert holm([]) == []


@pytest.mark.parametrize(
    ("system", "baseline", "message"),
    [
        (values([1, 2]), values([1, 2, 3]), "can't be paired"),
        (values([1]), values([1]), "two users"),
        (np.empty((0, 2)), values([1, 2]), "at least one seed"),
        (values([1, math.nan]), values([1, 2]), "finite"),
    ],
)
def test_what_can_not_be_compared_is_refused(system, baseline, message):
    with pytest.raises(MiqrecError, match=message):
        bootstrap_interval(system, baseline)


@given(DIFFERENCES)
@settings(max_examples=30, deadline=None)
def test_p_is_a_share_and_knows_neither_sign_nor_scale(differences):
    p = sign_flip_test(differences, draws=100)

    assert 0 < p <= 1
    assert sign_flip_test(-differences, draws=100) == p
    assert sign_flip_test(differences * 4, draws=100) == p


@given(DIFFERENCES)
@settings(max_examples=30, deadline=None)
def test_the_interval_lies_among_the_users_differences(differences):
    low, high = bootstrap_interval(differences[None], np.zeros((2, len(differences))), draws=50)

    assert low <= high
    assert differences.min() - 1e-9 <= low
    assert high <= differences.max() + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
@settings(max_examples=20, deadline=None)
def test_a_corrected_p_is_never_smaller_and_keeps_the_order(p_values):
    corrected = holm(p_values)

    assert all(p <= q <= 1 for p, q in zip(p_values, corrected, strict=True))
    by_p = [q for _, q in sorted(zip(p_values, corrected, strict=True))]
    assert by_p == sorted(by_p)
