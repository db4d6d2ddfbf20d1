"""How much data is needed: textbook sizes, and the way back from a size to a difference."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.statistics import detectable_difference, seeds_needed, users_needed


def test_a_medium_effect_needs_34_pairs():
    """Cohen (1988): d = .5 at .05 two-sided with power .8."""
    assert users_needed(difference=0.1, deviation=0.2) == 34
    assert users_needed(difference=-0.1, deviation=0.2) == 34


def test_a_medium_effect_needs_64_seeds_a_system():
    system, baseline = np.array([1.0, 3.0]), np.array([0.0, 2.0])
    deviation = math.sqrt((1 + 1 + 1 + 1) / (4 - 2))  # pooled over both

    assert seeds_needed(0.5 * deviation, system, baseline) == 64


def test_one_seed_says_nothing_of_seeds():
    assert seeds_needed(0.1, np.array([1.0]), np.array([0.0, 2.0])) is None


@pytest.mark.parametrize(
    ("difference", "deviation", "size"),
    [
        (0.0, 1.0, None),
        (1e-9, 1.0, None),  # rounding
        (0.0, 0.0, None),
        (1.0, 0.0, 3),
        (100.0, 1.0, 3),
    ],
)
def test_no_difference_is_never_seen_and_a_plain_one_at_once(difference, deviation, size):
    assert users_needed(difference, deviation) == size


def test_two_users_can_not_tell():
    with pytest.raises(MiqrecError, match="3 are enough"):
        detectable_difference(2, 1.0)


@pytest.mark.parametrize("n_users", [73, 1090, 52_024])  # 73: the solver's root is negative
def test_a_detectable_difference_is_about_2_8_standard_errors(n_users):
    """1.96 for the level, 0.84 for the power, and more where the t distribution is wide."""
    assert detectable_difference(n_users, 1.0) * math.sqrt(n_users) == pytest.approx(
        1.96 + 0.84, abs=0.05
    )


@given(st.integers(5, 5000), st.floats(0.01, 10))
@settings(max_examples=10, deadline=None)
def test_the_detectable_difference_needs_as_many_users(n_users, deviation):
    difference = detectable_difference(n_users, deviation)

    assert users_needed(difference * 1.001, deviation) <= n_users
    assert users_needed(difference * 0.98, deviation) > n_users - 1
