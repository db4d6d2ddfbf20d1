"""Named data sets come out as published, from preprocessed files or raw ones, or say that they don't."""

import gzip
import hashlib
import json
import warnings
from pathlib import Path

import polars as pl
import pooch
import pytest

from miqrec.data.counts import statistics
from miqrec.data.dataset import Dataset
from miqrec.data.named.check import check_size
from miqrec.data.named.definitions import DATASETS, definition
from miqrec.data.open import DataConfig, open_dataset
from miqrec.errors import MiqrecWarning

AT_HAND = ("ml-100k", "ml-1m", "lastfm", "beauty-5core", "beauty-bert4rec")


@pytest.fixture(autouse=True)
def _nothing_else_at_hand(tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path / "cache")
    monkeypatch.delenv("MIQREC_DATA", raising=False)


def histories(dataset: Dataset) -> dict:
    """Each user's external item ids in order."""
    items = dataset.catalogue.decode(dataset.sequences.items).to_list()
    offsets = dataset.sequences.offsets
    return {
        user: items[offsets[u] : offsets[u + 1]] for u, user in enumerate(dataset.users.to_list())
    }


def load(name: str, data_dir: Path | None = None, cache: Path | None = None) -> Dataset:
    return open_dataset(DataConfig(source=name), data_dir=data_dir, cache=cache)


def load_miniature(name: str, folder: Path) -> Dataset:
    """Load what is far too small to be the real data set, and gets told so, once."""
    with pytest.warns(MiqrecWarning) as caught:
        dataset = load(name, folder)
    assert len(caught) == 1
    assert f"but should have {definition(name).users:,}" in str(caught[0].message)
    return dataset


# The real files


@pytest.mark.parametrize("name", AT_HAND)
def test_the_files_at_hand_come_out_as_published(name, shared_data, tmp_path):
    counted = statistics(load(name, shared_data, tmp_path / "prepared"))  # a warning is an error
    expected = DATASETS[name]
    assert (counted.users, counted.items, counted.interactions) == (
        expected.users,
        expected.items,
        expected.interactions,
    )
    assert counted.training == expected.interactions - 2 * expected.users  # all have at least 3


@pytest.mark.parametrize("name", AT_HAND)
def test_recorded_checksums_are_those_of_the_files_at_hand(name, shared_data):
    source = DATASETS[name].sources[0]
    for file in (source.interactions, source.items):
        if file and file.sha256:
            content = (shared_data / name / file.name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file.sha256


def test_titles_and_attributes_come_along(shared_data):
    movies = load("ml-100k", shared_data).catalogue
    ids = movies.encode(pl.Series([1, 50]))
    assert movies.titles(ids).to_list() == ["Toy Story (1995)", "Star Wars (1977)"]
    artists = load("lastfm", shared_data).catalogue.frame
    assert artists["attributes"].list.len().min() > 0


# The paper's Table 1


def test_the_expected_sizes_are_those_of_the_papers_table_1():
    users, items, interactions = 52_024, 57_289, 394_908
    beauty = DATASETS["beauty"]
    assert (beauty.users, beauty.items, beauty.interactions) == (users, items, interactions)
    assert round(interactions / users, 1) == 7.6
    assert round(interactions / items, 1) == 6.9

    users, items, interactions = 1_090, 3_646, 52_551
    lastfm = DATASETS["lastfm"]
    assert (lastfm.users, lastfm.items, lastfm.interactions) == (users, items, interactions)
    assert round(interactions / users, 1) == 48.2
    assert round(interactions / items, 1) == 14.4

    users, items, interactions = 6_040, 3_416, 999_611
    ml_1m = DATASETS["ml-1m"]
    assert (ml_1m.users, ml_1m.items, ml_1m.interactions) == (users, items, interactions)
    assert round((interactions - 2 * users) / users, 1) == 163.5  # without the held-out items
    assert round((interactions - 2 * users) / items, 1) == 289.1


def test_a_data_set_of_another_size_is_reported_with_both():
    log = pl.DataFrame({"user": [1, 1, 2], "item": [1, 2, 1]})
    message = (
        "ml-1m has 2 users, 2 items and 3 interactions, but should have 6,040, 3,416 and 999,611"
    )
    with pytest.warns(MiqrecWarning, match=message):
        check_size("ml-1m", open_dataset(DataConfig(source=None), log))


# Raw files, in miniature


def test_ml_1m_from_raw_ratings_is_filtered_once_as_sasrec_does(tmp_path):
    """User 1 keeps 4 ratings: the fifth was of a movie that only two have seen."""
    ratings = [(u, m, 100 + m) for u in range(1, 6) for m in (10, 20, 30, 40)]
    ratings += [(1, 50, 1), (2, 50, 2), (2, 10, 3), (6, 10, 4)]
    ratings += [(u, 60, 5) for u in (3, 4, 5)]
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    (folder / "ratings.dat").write_text("".join(f"{u}::{m}::5::{t}\n" for u, m, t in ratings))
    (folder / "movies.dat").write_text(
        "10::Heat (1995)::Action|Crime\n30::Misérables, Les (1995)::Drama\n99::Unseen (1990)::War\n",
        encoding="latin-1",
    )
    dataset = load_miniature("ml-1m", tmp_path)
    # raw counts of users: 5, 6, 5, 5, 5, 1; of movies 10-40: 7 and 5, of movie 50: 2, of 60: 3
    assert histories(dataset) == {
        1: [10, 20, 30, 40],
        2: [10, 10, 20, 30, 40],
        3: [10, 20, 30, 40],
        4: [10, 20, 30, 40],
        5: [10, 20, 30, 40],
    }
    movies = dataset.catalogue
    assert movies.frame.row(0) == (10, "Heat (1995)", ["Action", "Crime"])
    assert movies.titles(movies.encode(pl.Series([30, 20]))).to_list() == [
        "Misérables, Les (1995)",
        "20",
    ]


def test_lastfm_from_raw_tags_is_the_5_core_of_first_tags(tmp_path):
    tags = [(u, a, 1, 1000 * a) for u in range(1, 6) for a in (5, 4, 3, 2, 1)]
    tags += [(1, 2, 7, 1)]  # user 1 tagged artist 2 first of all, though the file says so last
    tags += [(2, 6, 7, 9), (2, 6, 8, 9), (2, 6, 9, 9), (2, 6, 10, 9), (2, 6, 11, 9)]  # one user
    folder = tmp_path / "lastfm"
    folder.mkdir()
    lines = ["userID\tartistID\ttagID\ttimestamp"] + ["\t".join(map(str, row)) for row in tags]
    (folder / "user_taggedartists-timestamps.dat").write_text("\r\n".join(lines) + "\r\n")
    (folder / "artists.dat").write_text(
        'id\tname\turl\tpictureURL\n1\tMALICE MIZER\thttp://a\thttp://b\n9\t"Unheard\thttp://c\t\n'
    )
    dataset = load_miniature("lastfm", tmp_path)
    assert histories(dataset) == {1: [2, 1, 3, 4, 5]} | {u: [1, 2, 3, 4, 5] for u in range(2, 6)}
    artists = dataset.catalogue
    assert artists.titles(artists.encode(pl.Series([1, 2]))).to_list() == ["MALICE MIZER", "2"]


BEAUTY = [(f"A{u}", f"B00{i}", 1_400_000_000 + i) for u in range(5) for i in range(5)]
RARE = ("A0", "B999", 1_300_000_000)


def test_beauty_from_raw_ratings_or_reviews_is_the_same(tmp_path):
    rows = [*BEAUTY, RARE]
    csv = "".join(f"{user},{item},5.0,{time}\n" for user, item, time in rows)
    keys = ("reviewerID", "asin", "unixReviewTime")
    reviews = "".join(json.dumps(dict(zip(keys, row, strict=True))) + "\n" for row in rows)
    for folder, name, content in (
        ("ratings", "ratings_Beauty.csv", csv.encode()),
        ("reviews", "reviews_Beauty.json.gz", gzip.compress(reviews.encode())),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
        dataset = load_miniature("beauty", tmp_path / folder)
        assert histories(dataset) == {f"A{u}": [f"B00{i}" for i in range(5)] for u in range(5)}


def test_beauty_5core_from_raw_reviews_is_taken_as_it_is(tmp_path):
    keys = ("reviewerID", "asin", "unixReviewTime")
    lines = [json.dumps(dict(zip(keys, row, strict=True))) for row in [*BEAUTY, RARE]]
    (tmp_path / "reviews_Beauty_5.json.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    dataset = load_miniature("beauty-5core", tmp_path)
    assert histories(dataset)["A0"][0] == "B999"


def test_beauty_from_sasrecs_pairs(tmp_path):
    (tmp_path / "beauty").mkdir()
    (tmp_path / "beauty" / "Beauty.txt").write_text("1 7\n1 3\n2 3\n")
    assert histories(load_miniature("beauty", tmp_path)) == {1: [7, 3], 2: [3]}


# By name


def test_the_demo_is_made_offline_with_titles_and_genres(monkeypatch):
    monkeypatch.delattr(pooch, "retrieve")
    dataset = load("demo")
    check_size("demo", dataset)  # as announced, or a warning, which is an error here
    assert dataset.name == "demo"
    assert dataset.catalogue.frame["title"].str.starts_with("The ").all()
    assert dataset.catalogue.frame["attributes"].list.len().min() == 1


def test_other_warnings_than_those_of_unused_items_are_heard(tmp_path):
    (tmp_path / "u.data").write_text("1\t2\t3\t881250949\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MiqrecWarning, match="ml-100k has 1 users"):
            load("ml-100k", tmp_path)
