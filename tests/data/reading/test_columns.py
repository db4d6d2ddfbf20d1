"""Columns are those that are named, or go by a usual name."""

import pytest

from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecError

USUAL = {
    "plain": ["user", "item", "time"],
    "MovieLens": ["userId", "movieId", "timestamp"],
    "RecBole": ["user_id", "item_id", "timestamp"],
    "Amazon 2014": ["reviewerID", "asin", "unixReviewTime"],
    "Amazon 2023": ["user_id", "parent_asin", "timestamp"],
    "HetRec": ["userID", "artistID", "timestamp"],
    "with spaces": ["User ID", "Product-Id", "ts"],
}


@pytest.mark.parametrize("names", USUAL.values(), ids=USUAL)
def test_usual_names_are_found_among_others(names):
    chosen = Columns().choose("x.csv", ["rating", *names, "title"])
    assert list(chosen.values()) == names
    assert list(chosen) == ["user", "item", "time"]


def test_a_time_column_is_not_required():
    assert Columns().choose("x.csv", ["uid", "sid"]) == {"user": "uid", "item": "sid"}


def test_named_columns_come_before_usual_names():
    chosen = Columns(user="who", time="when").choose("x.csv", ["user", "who", "item", "when"])
    assert chosen == {"user": "who", "item": "item", "time": "when"}


def test_of_columns_with_the_same_usual_name_the_first_is_taken():
    assert Columns().choose("x.csv", ["userId", "user_id", "item"])["user"] == "userId"


def test_amazons_parent_product_comes_before_its_variant():
    assert Columns().choose("x.csv", ["asin", "parent_asin", "uid"])["item"] == "parent_asin"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (Columns(), "no column that is known as the user; it has who, item"),
        (Columns(user="nobody"), "no column 'nobody' for the user; it has who, item"),
        (Columns(user="who", item="what"), "no column 'what' for the item; it has who, item"),
        (Columns(user="who", time="when"), "no column 'when' for the time; it has who, item"),
        (Columns(user="who", item="who"), "column 'who' cannot be both user and item"),
    ],
)
def test_missing_columns_are_errors_that_list_those_there_are(columns, message):
    with pytest.raises(MiqrecError, match=rf"x\.csv.*{message}"):
        columns.choose("x.csv", ["who", "item"])
