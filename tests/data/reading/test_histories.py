"""Histories as Python, NumPy and others hold them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.reading.columns import Columns
from miqrec.data.reading.histories import are_histories, flatten, read_histories
from miqrec.errors import MiqrecError, MiqrecWarning

NUMBERS = [(0, 1), (0, 2), (1, 3)]
FORMS = {
    "lists": [[1, 2], [3]],
    "tuples": ((1, 2), (3,)),
    "arrays": [np.array([1, 2]), np.array([3], dtype=np.uint8)],
    "tensors": [torch.tensor([1, 2]), torch.tensor([3])],
    "Polars": pl.Series([[1, 2], [3]]),
    "pandas": pd.Series([[1, 2], [3]]),
    "whole floats": [[1.0, np.float64(2)], [3.0]],
    "a generator of generators": ((item for item in history) for history in ([1, 2], [3])),
}


@pytest.mark.parametrize("histories", FORMS.values(), ids=FORMS)
def test_forms(histories):
    assert are_histories(histories)
    assert read_histories(histories).rows() == NUMBERS


def test_an_array_has_a_row_for_each_user():
    assert read_histories(np.array([[1, 2], [3, 4]])).rows() == [(0, 1), (0, 2), (1, 3), (1, 4)]


def test_a_dictionary_names_the_users():
    assert read_histories({"ann": ["heat", "ran"], "bob": ["ran"]}).rows() == [
        ("ann", "heat"), ("ann", "ran"), ("bob", "ran")
    ]  # fmt: skip


def test_all_are_strings_where_one_is():
    assert read_histories([[1, 2], ["a", "b"]])["item"].to_list() == ["1", "2", "a", "b"]


def test_empty_histories_keep_their_users_but_have_no_rows():
    users, items, lengths = flatten([[], [5], []])
    assert (users.to_list(), items.to_list(), lengths.tolist()) == ([0, 1, 2], [5], [0, 1, 0])
    with pytest.warns(MiqrecWarning, match="2 of 3 histories are empty and were left out"):
        assert read_histories([[], [5], []]).rows() == [(1, 5)]


REFUSED = {
    "a flat list of strings": (["heat", "ronin"], "history 0 is 'heat', not a list of items"),
    "a flat list of numbers": ([1, 2], "history 0 is 1, not a list of items"),
    "a flat array": (np.array([1, 2]), "history 0 is .*1.*, not a list of items"),
    "a flat tensor": (torch.tensor([1, 2]), r"history 0 is tensor\(1\), not a list"),
    "an item that is none": ([["heat", None]], "None is no item: ids are strings or whole numbers"),
    "a fraction": ([[1.5]], "1.5 is no item"),
    "a float that several integers are": ([[2.0**53 + 2]], "9007199254740994.0 is no item"),
    "not a number": ([[float("nan")]], "nan is no item"),
    "a truth value": ([[True]], "True is no item"),
    "an integer of 70 bits": ([[2**70]], "an item has more digits than 64 bits hold"),
    "bytes": ([[b"heat"]], "b'heat' is no item"),
    "a dictionary of columns": ({"user": [1], "item": [2]}, "user, item are columns, not users"),
    "a user that is none": ({None: [1]}, "None is no user"),
    "no items": ([[]], "the histories hold no items"),
    "no histories": ([], "the histories hold no items"),
}


@pytest.mark.filterwarnings("ignore:.*are empty")
@pytest.mark.parametrize(("histories", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_history_is_refused_in_one_sentence(histories, message):
    with pytest.raises(MiqrecError, match=message):
        read_histories(histories)


@pytest.mark.parametrize(
    "data", [pl.DataFrame(), pl.LazyFrame(), pd.DataFrame(), pl.DataFrame().to_arrow(), "a.csv", 5]
)
def test_frames_and_paths_are_no_histories(data):
    assert not are_histories(data)


def test_they_are_data_like_any_other():
    dataset = open_dataset(DataConfig(source=None), {"ann": ["heat", "ran"], "bob": ["ran"]})
    assert dataset.users.to_list() == ["ann", "bob"]
    assert dataset.catalogue.decode(dataset.sequences.items).to_list() == ["heat", "ran", "ran"]


def test_they_have_no_columns_to_name():
    config = DataConfig(source=None, columns=Columns(user="who"))
    with pytest.raises(MiqrecError, match="histories have no columns to name"):
        open_dataset(config, [[1, 2]])


IDS = st.one_of(st.lists(st.integers(-(2**62), 2**62)), st.lists(st.text()))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), IDS, min_size=1))
def test_histories_survive(histories):
    users, items, lengths = flatten(histories)
    assert users.to_list() == list(histories)
    assert lengths.tolist() == [len(history) for history in histories.values()]
    flat = [item for history in histories.values() for item in history]
    assert list(map(str, items)) == list(map(str, flat))
