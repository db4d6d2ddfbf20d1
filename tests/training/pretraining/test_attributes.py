"""Attributes of items as a table of marks."""

import polars as pl

from miqrec.data.catalogue import Catalogue
from miqrec.training.pretraining.attributes import attribute_labels, attributes_fingerprint


def catalogue(*attributes: list[str]) -> Catalogue:
    frame = pl.DataFrame(
        {
            "item": [f"item {i}" for i in range(len(attributes))],
            "title": pl.Series([None] * len(attributes), dtype=pl.String),
            "attributes": pl.Series(attributes, dtype=pl.List(pl.String)),
        }
    )
    return Catalogue(frame)


def test_each_item_is_marked_with_its_own_in_sorted_order():
    labels = attribute_labels(catalogue(["rock", "jazz"], ["folk"], ["jazz"]))
    assert labels.tolist() == [
        # folk, jazz, rock
        [False, False, False],  # padding
        [False, True, True],
        [True, False, False],
        [False, True, False],
    ]


def test_an_item_without_attributes_has_an_empty_row():
    labels = attribute_labels(catalogue([], ["folk"]))
    assert labels.tolist() == [[False], [False], [True]]


def test_without_any_attributes_the_table_has_no_columns():
    assert attribute_labels(catalogue([], [])).shape == (3, 0)


def test_the_fingerprint_is_of_what_each_item_has_in_any_order():
    one = attributes_fingerprint(catalogue(["rock", "jazz"], []))
    assert one == attributes_fingerprint(catalogue(["jazz", "rock"], []))
    assert one != attributes_fingerprint(catalogue([], ["rock", "jazz"]))
