"""Lists of attributes in the spellings that data sets have."""

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.reading.attributes import parse_attributes, split_attributes

SPELLINGS = {
    "bars": ("Action|Drama", ["Action", "Drama"]),
    "bars before commas": ("Sci-Fi, Fantasy|Drama", ["Sci-Fi, Fantasy", "Drama"]),
    "commas": ("Coffee & Tea, Food", ["Coffee & Tea", "Food"]),
    "JSON": ('["Beauty", "Skin, Face"]', ["Beauty", "Skin, Face"]),
    "Python": ("['Action', 'RPG']", ["Action", "RPG"]),
    "a Python tuple": ("('a', 1)", ["a", "1"]),
    "nested": ('[["Beauty", "Hair"], ["Skin"]]', ["Beauty", "Hair", "Skin"]),
    "objects with names": ("[{'id': 28, 'name': 'Action'}, {'id': 12, 'name': 'War'}]", ["Action", "War"]),
    "other objects": ('{"color": "red", "size": null}', ["red"]),
    "a bracket that begins no list": ("[unrated], Drama", ["[unrated]", "Drama"]),
    "blanks and gaps": (" a | |b ", ["a", "b"]),
    "an empty list": ("[]", []),
    "nothing": ("", []),
    "MovieLens' nothing": ("(no genres listed)", []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings(text, expected):
    assert split_attributes(text) == expected


def test_one_attribute_is_not_divided_at_its_commas():
    assert split_attributes("Johnson, Inc.", one=True) == ["Johnson, Inc."]


WORDS = st.lists(st.text(st.sampled_from("ab,|'\""), min_size=1))


@settings(max_examples=100, deadline=None)
@given(WORDS, st.sampled_from([json.dumps, repr]))
def test_lists_as_json_and_python_write_them_are_read_back(words, write):
    assert split_attributes(write(words)) == words


COLUMNS = {
    "lists": (pl.Series([["a"], None, ["b", "c"]]), [["a"], [], ["b", "c"]]),
    "nested lists": (pl.Series([[["a"], ["b"]], [[]], None]), [["a", "b"], [], []]),
    "text": (pl.Series(["a|b", None, "a|b"]), [["a", "b"], [], ["a", "b"]]),
    "numbers": (pl.Series([1, None]), [["1"], []]),
}


@pytest.mark.parametrize(("values", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_columns_of_every_type(values, expected):
    frame = pl.DataFrame({"column": values})
    lists = frame.select(parse_attributes(pl.col("column"), values.dtype))["column"]
    assert lists.list.drop_nulls().to_list() == expected
