"""Filtering and sorting, against cases and against plain Python."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from miqrec.data.filters import Filters
from miqrec.data.preparing import prepare
from miqrec.errors import MiqrecError
from reference.k_core import filter_once, k_core

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=1)
COUNTS = st.integers(0, 3)


def prepared(rows: list[tuple], **filters: object) -> list[tuple]:
    names = ["user", "item", "time"][: len(rows[0])]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return prepare(frame, Filters(**filters)).select("user", "item").rows()


def grouped(rows: list[tuple]) -> list[tuple]:
    """Users by first appearance, each one's rows by time; Python's sort is stable."""
    users = list(dict.fromkeys(user for user, *_ in rows))
    rows = sorted(rows, key=lambda row: (users.index(row[0]), *row[2:]))
    return [(user, item) for user, item, *_ in rows]


def test_users_come_by_first_appearance_and_their_items_by_time():
    rows = [("bob", "late", 9), ("ann", "only", 5), ("bob", "early", 1)]
    assert prepared(rows) == [("bob", "early"), ("bob", "late"), ("ann", "only")]


def test_equal_times_keep_the_order_of_the_file():
    rows = [(1, "c", 7), (1, "a", 7), (1, "b", 7), (1, "first", 6)]
    assert prepared(rows) == [(1, "first"), (1, "c"), (1, "a"), (1, "b")]


def test_without_times_the_order_of_the_file_counts():
    assert prepared([(1, "b"), (2, "x"), (1, "a")]) == [(1, "b"), (1, "a"), (2, "x")]


def test_counts_are_taken_once_before_anything_is_dropped():
    # Item "y" goes with its one interaction; user 2 then has 1 left, but had 2.
    rows = [(1, "x"), (1, "x"), (2, "x"), (2, "y")]
    assert prepared(rows, min_user=2, min_item=2) == [(1, "x"), (1, "x"), (2, "x")]


def test_a_fixed_point_goes_on_until_all_counts_hold():
    rows = [(1, "x"), (1, "x"), (2, "x"), (2, "y")]
    kept = prepared(rows, min_user=2, min_item=2, fixed_point=True)
    assert kept == [(1, "x"), (1, "x")]


def test_of_duplicates_the_earliest_stays_and_is_counted_once():
    rows = [(1, "x", 9), (1, "y", 5), (1, "x", 2), (2, "z", 1), (2, "z", 1)]
    assert prepared(rows, drop_duplicates=True) == [(1, "x"), (1, "y"), (2, "z")]
    assert prepared(rows, drop_duplicates=True, min_user=2) == [(1, "x"), (1, "y")]


def test_duplicates_stay_by_default():
    assert prepared([(1, "x"), (1, "x")]) == [(1, "x"), (1, "x")]


def test_first_appearance_is_that_of_rows_which_are_kept():
    rows = [(1, "rare"), (2, "x"), (1, "x")]
    assert prepared(rows, min_item=2) == [(2, "x"), (1, "x")]


def test_the_columns_beside_the_items_stay_with_their_rows():
    names = ["user", "item", "time", "kind", "session"]
    rows = [(1, "x", 9, "buy", 70), (1, "y", 5, "view", 60), (1, "x", 2, "view", 60)]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    assert prepare(frame, Filters(drop_duplicates=True)).rows(named=True) == [
        {"user": 1, "item": "x", "time": 2, "kind": "view", "session": 60},
        {"user": 1, "item": "y", "time": 5, "kind": "view", "session": 60},
    ]


def test_nothing_left_is_an_error_that_says_the_filter():
    with pytest.raises(MiqrecError, match="users with at least 3 and items with at least 0"):
        prepared([(1, "x"), (1, "y")], min_user=3)


def test_counts_cannot_be_negative():
    with pytest.raises(ValidationError):
        Filters(min_user=-1)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_sorting_is_that_of_a_stable_sort(rows):
    assert prepared(rows) == grouped(rows)


@settings(max_examples=100, deadline=None)
@given(ROWS, COUNTS, COUNTS, st.booleans())
def test_filters_keep_what_a_loop_keeps(rows, min_user, min_item, fixed_point):
    pairs = [(user, item) for user, item, _ in rows]
    reference = k_core if fixed_point else filter_once
    expected = reference(pairs, min_user, min_item)
    options = {"min_user": min_user, "min_item": min_item, "fixed_point": fixed_point}
    if expected:
        assert prepared(pairs, **options) == grouped(expected)
    else:
        with pytest.raises(MiqrecError, match="no interactions are left"):
            prepared(pairs, **options)
