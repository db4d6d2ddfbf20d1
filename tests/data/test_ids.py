"""Ids are matched by value, whatever type they come in."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.ids import positions

CASES = {
    "the same type": (["b", "x"], ["a", "b"], [1, -1]),
    "text for integers": (["7", "seven", "5"], [5, 7], [1, -1, 0]),
    "integers for text": ([7, 5, 6], ["5", "7"], [1, 0, -1]),
    "whole floats for integers": ([7.0, 7.5, float("nan")], [7, 8], [0, -1, -1]),
    "text of whole floats for integers": (["7.0", "8.00", "7.5"], [7, 8], [0, 1, -1]),
    "whole floats for text": ([7.0, 7.5], ["7"], [0, -1]),
    "floats that several integers are": ([2.0**53 + 2], [2**53 + 2], [-1]),
    "truth values are no ids": ([True, False], [0, 1], [-1, -1]),
    "nothing asked": ([], ["a"], []),
    "nothing known": (["a"], [], [-1]),
    "null is nobody": ([None, "a"], ["a"], [-1, 0]),
}


@pytest.mark.parametrize(("ids", "known", "expected"), CASES.values(), ids=CASES)
def test_positions(ids, known, expected):
    found = positions(pl.Series(ids), pl.Series(known, dtype=None if known else pl.String))
    assert found.tolist() == expected


def test_categories_are_matched_as_text():
    ids = pl.Series(["7", "x"], dtype=pl.Categorical)
    assert positions(ids, pl.Series([5, 7])).tolist() == [1, -1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=3)), st.lists(st.text(max_size=3), unique=True))
def test_positions_are_those_of_a_list(ids, known):
    found = positions(pl.Series(ids, dtype=pl.String), pl.Series(known, dtype=pl.String))
    assert found.tolist() == [known.index(name) if name in known else -1 for name in ids]


@pytest.mark.parametrize(("ids", "known", "expected"), CASES.values(), ids=CASES)
def test_positions_among_many_are_the_same(ids, known, expected):
    many = pl.Series(known, dtype=None if known else pl.String)
    fillers = pl.Series(range(1000, 1100)).cast(many.dtype)

    found = positions(pl.Series(ids), pl.concat([many, fillers]))

    assert found.tolist() == expected
