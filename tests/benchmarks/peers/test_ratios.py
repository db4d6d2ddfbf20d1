"""Medians, spreads and ratios."""

import pytest
from benchmarks.peers.ratios import Spread, rate, ratios, spread


def test_a_spread_is_the_median_between_the_lowest_and_the_highest() -> None:
    assert spread([5.0, 1.0, 2.0]) == Spread(median=2.0, lowest=1.0, highest=5.0)


def test_ratios_are_taken_within_a_repetition() -> None:
    ours, peers = {0: 12.0, 1: 30.0, 2: 8.0}, {0: 2.0, 1: 3.0, 2: 4.0}
    assert ratios(ours, peers) == Spread(median=12 / 2, lowest=8 / 4, highest=30 / 3)


def test_a_repetition_that_only_one_side_finished_is_left_out() -> None:
    assert ratios({0: 12.0, 1: 30.0}, {0: 2.0}) == spread([12 / 2])
    assert ratios({0: 12.0}, {1: 2.0}) is None


def test_the_rate_is_targets_by_the_median_seconds() -> None:
    assert rate({"targets": 600, "seconds": [2.0, 3.0, 30.0]}) == pytest.approx(600 / 3)
