"""What is asked of a model, counted."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.evaluation import list_metrics
from miqrec.monitoring import (
    coverage,
    gini,
    length_counts,
    popularity_tenths,
    tenth_counts,
    top_share,
    unknown_share,
)


def test_unknown_items_are_those_without_a_number():
    assert unknown_share(np.array([3, 0, 1, 0])) == 2 / 4
    assert unknown_share(np.array([], int)) == 0


def test_lengths_are_counted_by_doublings():
    found = length_counts(np.array([0, 1, 1, 2, 3, 4, 7, 8, 1023, 1024, 99_999]))
    assert found.tolist() == [
        1,
        2,
        2,
        2,
        1,
        *[0] * 5,
        1,
        2,
    ]  # 0, 1, 2-3, 4-7, 8-15, ..., 1024 and more


def test_each_tenth_has_a_tenth_of_the_interactions():
    counts = np.array([5, 50, 5, *[1] * 40])  # of 100: item 2 alone has half of them
    tenths = popularity_tenths(counts)
    assert tenths[2] == 2  # its middle is at 25 %
    assert tenths[[1, 3]].tolist() == [5, 5]  # at 52.5 and 57.5 %
    assert np.bincount(tenths[4:], minlength=10).tolist() == [*[0] * 6, 10, 10, 10, 10]


def test_what_nobody_had_is_in_the_last_tenth_and_padding_too():
    assert popularity_tenths(np.array([1, 0, 1]))[[0, 2]].tolist() == [9, 9]
    assert popularity_tenths(np.zeros(2, np.int64)).tolist() == [9, 9, 9]


def test_items_are_counted_by_tenth_without_those_nobody_knows():
    tenths = np.array([9, 0, 0, 9], np.int8)
    assert tenth_counts(np.array([1, 2, 2, 3, 0]), tenths).tolist() == [3, *[0] * 8, 1]


class TestExposure:
    def test_on_paper(self):
        listed = np.array([0, 3, 1, 0])
        assert coverage(listed) == 2 / 4
        assert gini(listed) == (-3 * 0 - 1 * 0 + 1 * 1 + 3 * 3) / (4 * 4)
        assert top_share(listed, 1) == 3 / 4

    def test_of_nothing(self):
        assert (
            coverage(np.zeros(3, int)),
            gini(np.zeros(3, int)),
            top_share(np.zeros(3, int)),
        ) == (
            *(0, 0),
            0,
        )

    @settings(deadline=None)
    @given(st.lists(st.lists(st.sampled_from("abcde"), unique=True, min_size=2), min_size=1))
    def test_they_are_the_metrics_of_lists(self, lists):
        rows = [(u, i, r) for u, items in enumerate(lists) for r, i in enumerate(items, 1)]
        frame = pl.DataFrame(rows, schema=["user", "item", "rank"], orient="row")
        listed = np.array([sum(i in items for items in lists) for i in "abcdefg"])
        assert coverage(listed) == pytest.approx(list_metrics.coverage(frame, 7, 5))
        assert gini(listed) == pytest.approx(list_metrics.gini(frame, 7, 5))
