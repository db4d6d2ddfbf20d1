"""Prepared data sets are kept, and used again for the same files and options alone."""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from miqrec.data.dataset import Dataset
from miqrec.data.filters import Filters
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecWarning


@pytest.fixture
def log(tmp_path) -> Path:
    (tmp_path / "log.csv").write_text("user,item,time\n1,a,3\n1,b,1\n2,a,5\n")
    return tmp_path / "log.csv"


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache"


def opened(log: Path, cache: Path | None = None, **options: object) -> Dataset:
    return open_dataset(DataConfig(source=str(log), **options), cache=cache)


def test_the_cache_is_filled_once_and_gives_the_same(log, cache, monkeypatch):
    prepared = opened(log, cache)
    assert isinstance(prepared.sequences.items, np.memmap)
    assert prepared.fingerprint == opened(log).fingerprint
    monkeypatch.delattr("miqrec.data.open.read_interactions")  # it is not read a second time
    assert opened(log, cache).fingerprint == prepared.fingerprint


def test_the_cache_is_not_used_for_other_files_options_or_contents(log, cache, tmp_path):
    items = tmp_path / "items.json"
    items.write_text('{"a": [], "b": []}')
    opened(log, cache)
    opened(log, cache, filters=Filters(min_user=2))
    opened(log, cache, columns=Columns(user="item", item="user"))
    opened(log, cache, items=str(items))
    items.write_text('{"a": ["red"], "b": []}')
    opened(log, cache, items=str(items))
    assert len(list(cache.iterdir())) == 5
    os.utime(log, ns=(0, 0))
    opened(log, cache)
    assert len(list(cache.iterdir())) == 6


def test_default_filters_are_those_that_keep_everything(log, cache):
    opened(log, cache)
    opened(log, cache, filters=Filters())
    assert len(list(cache.iterdir())) == 1


def test_data_frames_stay_in_memory(log, cache):
    frame = pl.DataFrame({"user": [1, 1], "item": [5, 6]})
    open_dataset(DataConfig(source=None), frame, cache=cache)
    described = pl.DataFrame({"item": ["a"], "title": ["A"]})
    open_dataset(DataConfig(source=str(log)), items=described, cache=cache)
    assert not cache.exists()


@pytest.mark.parametrize("name", ["items.npy", "offsets.npy", "items.parquet", "dataset.json"])
def test_what_is_damaged_is_prepared_again(log, cache, name):
    expected = opened(log, cache).fingerprint
    damaged = next(cache.rglob(name))
    content = bytearray(damaged.read_bytes())
    content[-5] ^= 1
    damaged.write_bytes(content)
    assert opened(log, cache).fingerprint == expected
    assert next(cache.rglob(name)).read_bytes() != content


def test_without_a_cache_that_can_be_written_all_goes_on_in_memory(log, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.warns(MiqrecWarning, match="can't be kept in .*file/cache .*and are in memory"):
        dataset = opened(log, tmp_path / "file" / "cache")
    assert dataset.fingerprint == opened(log).fingerprint


def test_preparing_that_is_interrupted_leaves_nothing(log, cache, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pl.DataFrame, "write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        opened(log, cache)
    assert list(cache.iterdir()) == []
