"""Internal ids and back, and what is known of the items."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.catalogue import make_catalogue
from miqrec.errors import MiqrecError, MiqrecWarning

IDS = st.one_of(
    st.lists(st.integers(-(2**62), 2**62), unique=True, min_size=1),
    st.lists(st.text(), unique=True, min_size=1),
)


def described(**columns: list) -> pl.DataFrame:
    return pl.DataFrame(columns, schema_overrides={"attributes": pl.List(pl.String)})


@settings(max_examples=50, deadline=None)
@given(IDS)
def test_decode_undoes_encode(ids):
    catalogue = make_catalogue(pl.Series(ids))
    encoded = catalogue.encode(pl.Series(ids[::-1]))
    assert encoded.dtype == np.int32
    assert encoded.tolist() == list(range(1, len(ids) + 1))[::-1]
    assert catalogue.decode(encoded).to_list() == ids[::-1]


def test_unknown_items_are_encoded_as_zero():
    catalogue = make_catalogue(pl.Series(["a", "b"]))
    assert catalogue.encode(pl.Series(["b", "c", None])).tolist() == [2, 0, 0]


@pytest.mark.parametrize("internal", [0, 3, -1])
def test_padding_and_ids_out_of_range_have_no_item(internal):
    with pytest.raises(IndexError, match="run from 1 to 2"):
        make_catalogue(pl.Series(["a", "b"])).decode([1, internal])


def test_without_a_description_titles_are_the_ids():
    catalogue = make_catalogue(pl.Series([30, 10]))
    assert catalogue.n_items == 2
    assert catalogue.titles([2, 1]).to_list() == ["10", "30"]
    assert catalogue.frame["attributes"].to_list() == [[], []]


def test_descriptions_are_matched_by_value_and_may_have_gaps():
    items = described(item=["10", "30"], title=["ten", None], attributes=[["x", "y"], []])
    catalogue = make_catalogue(pl.Series([30, 20, 10]), items)
    assert catalogue.frame.schema == {
        "item": pl.Int64, "title": pl.String, "attributes": pl.List(pl.String)
    }  # fmt: skip
    assert catalogue.titles([1, 2, 3]).to_list() == ["30", "20", "ten"]
    assert catalogue.frame["attributes"].to_list() == [[], [], ["x", "y"]]


def test_descriptions_of_unknown_items_are_ignored_and_counted():
    items = described(item=[1, 2, 3], title=["a", "b", "c"], attributes=[[], [], []])
    with pytest.warns(MiqrecWarning, match="2 of the 3 items described have no interactions"):
        catalogue = make_catalogue(pl.Series([2]), items)
    assert catalogue.titles([1]).to_list() == ["b"]


def test_descriptions_of_another_data_set_are_an_error():
    items = described(item=[1, 2], title=["a", "b"], attributes=[[], []])
    with pytest.raises(MiqrecError, match="no item in common"):
        make_catalogue(pl.Series(["x", "y"]), items)
