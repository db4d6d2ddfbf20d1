"""Tables of interactions become data sets, with a vocabulary of their own or a given one."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import build_dataset, encode_histories, with_catalogue
from miqrec.errors import MiqrecError, MiqrecWarning


def table(*rows: tuple[object, object]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["user", "item"], orient="row")


def histories(dataset: Dataset) -> dict[object, list[object]]:
    """What went in, read back from the flat array."""
    items = dataset.catalogue.decode(dataset.sequences.items).to_list()
    offsets = dataset.sequences.offsets
    spans = zip(dataset.users, offsets[:-1], offsets[1:], strict=True)
    return {user: items[start:stop] for user, start, stop in spans}


def encode(interactions: pl.DataFrame, catalogue: Catalogue, on_unknown: str = "skip") -> Dataset:
    """New interactions with the numbers of a catalogue that is known."""
    return with_catalogue(build_dataset(interactions), catalogue, on_unknown)


FILMS = table(("bob", "ran"), ("bob", "ikiru"), ("ann", "ikiru"), ("ann", "yojimbo"))


def test_users_and_items_are_numbered_by_first_appearance():
    dataset = build_dataset(FILMS, name="films")
    assert dataset.users.to_list() == ["bob", "ann"]
    assert dataset.catalogue.frame["item"].to_list() == ["ran", "ikiru", "yojimbo"]
    assert dataset.sequences.items.tolist() == [1, 2, 2, 3]
    assert dataset.sequences.offsets.tolist() == [0, 2, 4]
    assert dataset.sequences.n_items == 3
    assert dataset.name == "films"


def test_the_types_are_those_of_the_contract():
    sequences = build_dataset(FILMS).sequences
    assert sequences.items.dtype == np.int32
    assert sequences.offsets.dtype == np.int64


def test_a_user_in_two_places_is_refused():
    with pytest.raises(ValueError, match="must stand together"):
        build_dataset(table((1, 5), (2, 5), (1, 6)))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.integers(0, 99), st.lists(st.integers(0, 9), min_size=1), min_size=1))
def test_histories_survive_the_round_trip(given_histories):
    rows = [(user, item) for user, items in given_histories.items() for item in items]
    assert histories(build_dataset(table(*rows))) == given_histories


def test_encode_uses_the_numbers_of_the_given_catalogue():
    catalogue = build_dataset(FILMS).catalogue
    dataset = encode(table(("eve", "yojimbo"), ("eve", "ran")), catalogue)
    assert dataset.sequences.items.tolist() == [3, 1]
    assert dataset.sequences.n_items == 3
    assert dataset.catalogue is catalogue


WITH_COLUMNS = pl.DataFrame(
    {
        "user": ["bob", "bob", "ann"],
        "item": ["ran", "heat", "ikiru"],
        "time": [1_600_000_000, 1_600_000_005, 1_600_000_003],
        "kind": ["view", "buy", None],
        "session": ["s9", None, "s2"],
    }
)


def test_times_kinds_and_sessions_are_columns_beside_the_items():
    dataset = build_dataset(WITH_COLUMNS)
    sequences = dataset.sequences
    assert sequences.times.tolist() == [1_600_000_000 * 10**6 + s * 10**6 for s in (0, 5, 3)]
    assert (sequences.kinds.tolist(), dataset.kinds) == ([0, 1, -1], ("view", "buy"))
    assert sequences.sessions.tolist() == [0, -1, 1]
    assert [column.dtype.name for column in sequences.columns().values()] == [
        "int64", "int16", "int64"
    ]  # fmt: skip


def test_without_them_there_are_none():
    sequences = build_dataset(FILMS).sequences
    assert (sequences.times, sequences.kinds, sequences.sessions) == (None, None, None)


def test_times_and_sessions_do_not_change_the_fingerprint():
    plain = build_dataset(WITH_COLUMNS.select("user", "item"))
    assert build_dataset(WITH_COLUMNS.drop("kind")).fingerprint == plain.fingerprint


def test_unknown_items_are_left_out_of_every_column():
    catalogue = build_dataset(FILMS).catalogue
    with pytest.warns(MiqrecWarning, match="1: heat"):
        dataset = encode(WITH_COLUMNS, catalogue)
    assert histories(dataset) == {"bob": ["ran"], "ann": ["ikiru"]}
    assert dataset.sequences.times.tolist() == [1_600_000_000 * 10**6, 1_600_000_003 * 10**6]
    assert dataset.sequences.kinds.tolist() == [0, -1]
    assert dataset.sequences.sessions.tolist() == [0, 1]
    assert dataset.kinds == ("view", "buy")


def test_too_many_kinds_are_an_error():
    kinds = pl.Series("kind", range(2**15)).cast(pl.String)
    table = pl.DataFrame({"user": [1] * len(kinds), "item": [1] * len(kinds), "kind": kinds})
    with pytest.raises(MiqrecError, match=r"32,768 kinds of event and at most 32,767"):
        build_dataset(table)


def test_unknown_items_are_skipped_with_one_warning_that_counts_and_names_them():
    new = table(("a", "ran"), ("a", "heat"), ("a", "ikiru"), ("a", "ran"), ("b", "heat"))
    catalogue = build_dataset(FILMS).catalogue
    expected = r"2 of 5 interactions are with items that are not in the catalogue \(1: heat\)"
    with pytest.warns(MiqrecWarning, match=expected) as warned:
        dataset = encode(new, catalogue)
    assert len(warned) == 1
    assert histories(dataset) == {"a": ["ran", "ikiru", "ran"], "b": []}


def test_unknown_items_are_an_error_by_option():
    catalogue = build_dataset(FILMS).catalogue
    new = table(("a", "ran"), ("a", "heat"))
    with pytest.raises(MiqrecError, match=r"1 of 2 interactions .*\(1: heat\)"):
        encode(new, catalogue, on_unknown="error")


def test_empty_histories_stay():
    catalogue = build_dataset(FILMS).catalogue
    users, items = pl.Series([7, 8, 9]), pl.Series(["ran", "ikiru"])
    dataset = encode_histories(users, items, np.array([0, 2, 0]), catalogue)
    assert histories(dataset) == {7: [], 8: ["ran", "ikiru"], 9: []}
