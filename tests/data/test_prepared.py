"""From files to data sets, and the cache between them."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from miqrec.data.filters import Filters
from miqrec.data.prepared import load_dataset
from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecError

LOG = "user,item,time\n1,a,3\n1,b,1\n2,a,5\n"


@pytest.fixture
def log(tmp_path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    return tmp_path / "log.csv"


def test_all_steps_together(log, tmp_path):
    (tmp_path / "items.json").write_text('{"a": ["red"], "b": []}')
    filters = Filters(min_user=2)
    dataset = load_dataset(log, filters=filters, items=tmp_path / "items.json")
    assert dataset.name == "log"
    assert dataset.users.to_list() == [1]
    assert dataset.catalogue.frame.rows() == [("b", None, []), ("a", None, ["red"])]
    assert dataset.sequences.items.tolist() == [1, 2]


def test_a_data_frame_stays_in_memory(tmp_path):
    frame = pl.DataFrame({"user": [1, 1], "item": [5, 6]})
    dataset = load_dataset(frame, name="mine", cache=tmp_path)
    assert dataset.name == "mine"
    assert list(tmp_path.iterdir()) == []


def test_the_cache_is_filled_once_and_gives_the_same(log, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    prepared = load_dataset(log, cache=cache)
    assert isinstance(prepared.sequences.items, np.memmap)
    assert prepared.fingerprint == load_dataset(log).fingerprint
    monkeypatch.delattr("miqrec.data.prepared.read_interactions")  # it is not read a second time
    again = load_dataset(log, cache=cache, name="other")
    assert (again.fingerprint, again.name) == (prepared.fingerprint, "other")


def test_the_cache_is_not_used_for_other_files_options_or_contents(log, tmp_path):
    cache = tmp_path / "cache"
    (tmp_path / "items.json").write_text('{"a": [], "b": []}')
    load_dataset(log, cache=cache)
    load_dataset(log, cache=cache, filters=Filters(min_user=2))
    load_dataset(log, cache=cache, columns=Columns(user="item", item="user"))
    load_dataset(log, cache=cache, items=tmp_path / "items.json")
    (tmp_path / "items.json").write_text('{"a": ["red"], "b": []}')
    load_dataset(log, cache=cache, items=tmp_path / "items.json")
    assert len(list(cache.iterdir())) == 5
    os.utime(log, ns=(0, 0))
    load_dataset(log, cache=cache)
    assert len(list(cache.iterdir())) == 6


def test_preparing_that_is_interrupted_leaves_nothing(log, tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pl.DataFrame, "write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_dataset(log, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_file_is_an_error_with_a_cache_too(tmp_path):
    with pytest.raises(MiqrecError, match="does not exist"):
        load_dataset(tmp_path / "none.csv", cache=tmp_path / "cache")


def test_ml_100k_is_sorted_by_time_and_stable(shared_data):
    folder = shared_data / "ml-100k"
    dataset = load_dataset(folder / "u.data", items=folder / "u.item")
    raw = [list(map(int, line.split())) for line in (folder / "u.data").open()]
    user = raw[0][0]
    rated = sorted((row for row in raw if row[0] == user), key=lambda row: row[3])
    first = dataset.sequences.items[: dataset.sequences.offsets[1]]
    assert dataset.users[0] == user
    assert dataset.catalogue.decode(first).to_list() == [item for _, item, _, _ in rated]


def test_lastfm_has_the_papers_statistics_and_attributes_for_every_item(shared_data):
    folder = shared_data / "lastfm"
    dataset = load_dataset(folder / "LastFM.txt", items=folder / "LastFM_item2attributes.json")
    sequences = dataset.sequences
    assert (sequences.n_users, sequences.n_items, len(sequences.items)) == (1_090, 3_646, 52_551)
    assert dataset.catalogue.frame["attributes"].list.len().min() == 1
