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


ROLES = {
    "REES46": {
        "time": "event_time",
        "kind": "event_type",
        "user": "user_id",
        "session": "user_session",
    },
    "RetailRocket": {"time": "timestamp", "user": "visitorid", "kind": "event"},
    "Diginetica": {"session": "sessionId", "user": "userId", "time": "eventdate"},
    "H&M": {"time": "t_dat", "user": "customer_id"},
}


@pytest.mark.parametrize("roles", ROLES.values(), ids=ROLES)
def test_times_kinds_and_sessions_of_public_logs_are_found(roles):
    chosen = Columns().choose("x.csv", ["price", *roles.values(), "item_id"])
    assert chosen == {**roles, "item": "item_id"}


def test_a_moment_is_taken_before_a_day():
    chosen = Columns().choose("x.csv", ["user", "item", "date", "event_time"])
    assert chosen["time"] == "event_time"


def test_a_session_is_the_user_where_there_is_no_other():
    assert Columns().choose("x.csv", ["session_id", "item"]) == {
        "user": "session_id", "item": "item"
    }  # fmt: skip


def test_a_session_can_be_named_as_the_user():
    chosen = Columns(user="sessionId").choose("x.csv", ["sessionId", "userId", "itemId"])
    assert chosen == {"user": "sessionId", "item": "itemId"}


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
        (Columns(user="who", kind="what"), "no column 'what' for the kind; it has who, item"),
        (Columns(user="who", session="who"), "column 'who' cannot be both user and session"),
        (Columns(user="item"), "column 'item' cannot be both user and item"),
    ],
)
def test_missing_columns_are_errors_that_list_those_there_are(columns, message):
    with pytest.raises(MiqrecError, match=rf"x\.csv.*{message}"):
        columns.choose("x.csv", ["who", "item"])
