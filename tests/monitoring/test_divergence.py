"""How far counts are apart: on paper, and what must hold for any of them."""

from math import log, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.monitoring import chance_level, jensen_shannon


def counts(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_two_values_on_paper():
    """p = (1 0), q = (1 1) / 2, their mean (3 1) / 4."""
    expected = (1 * log2(1 / 0.75) + 0.5 * log2(0.5 / 0.75) + 0.5 * log2(0.5 / 0.25)) / 2
    assert jensen_shannon(counts(4, 0), counts(3, 3)) == pytest.approx(expected)


def test_it_is_0_for_equal_shares_and_1_without_a_common_value():
    assert jensen_shannon(counts(1, 2, 3), counts(10, 20, 30)) == pytest.approx(0)
    assert jensen_shannon(counts(5, 0), counts(0, 1)) == pytest.approx(1)


_some = st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any).map(lambda v: counts(*v))


@given(_some, _some)
def test_it_lies_between_0_and_1_whichever_is_old(old, new):
    assert 0 <= jensen_shannon(old, new) <= 1 + 1e-12
    assert jensen_shannon(old, new) == pytest.approx(jensen_shannon(new, old))


def test_chance_on_paper():
    assert chance_level(counts(60, 40, 0), counts(10, 40, 0)) == pytest.approx(
        (2 - 1) * (1 / 100 + 1 / 50) / (8 * log(2))
    )


def test_chance_is_what_samples_of_one_distribution_come_to():
    draw = np.random.default_rng(0)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    pairs = [draw.multinomial([800, 500], shares) for _ in range(400)]
    found = np.mean([jensen_shannon(*pair) for pair in pairs])
    assert found == pytest.approx(chance_level(*pairs[0]), rel=0.1)


def test_what_can_not_be_compared_is_refused():
    with pytest.raises(MiqrecError, match="counts of 2 and of 3 values"):
        jensen_shannon(counts(1, 2), counts(1, 2, 3))
    with pytest.raises(MiqrecError, match="a sample has no values"):
        jensen_shannon(counts(0, 0), counts(1, 2))
