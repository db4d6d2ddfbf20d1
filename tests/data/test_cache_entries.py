"""The cache is seen through, cleaned and kept small."""

import os
import time
from pathlib import Path

import pytest

from miqrec.data.cache_entries import (
    DEFAULT_SIZE,
    ENVIRONMENT,
    limit,
    list_entries,
    make_room,
    remove_entries,
    unused_for,
)
from miqrec.data.open import open_dataset
from miqrec.errors import MiqrecError
from miqrec.system.locks import locked

DAY = 24 * 60 * 60


@pytest.fixture
def cache(tmp_path) -> Path:
    """A cache with a, b and c, which were used 3, 2 and 1 days ago."""
    for days, name in ((3, "a"), (2, "b"), (1, "c")):
        (tmp_path / f"{name}.csv").write_text(f"user,item\n1,{name}\n")
        open_dataset(tmp_path / f"{name}.csv", cache=tmp_path / "cache")
        entry = next((tmp_path / "cache").glob(f"{name}-*/entry.json"))
        os.utime(entry, (0, time.time() - days * DAY))
    return tmp_path / "cache"


def names(cache: Path) -> list[str]:
    return [entry.folder.name[0] for entry in list_entries(cache)]


def test_entries_have_a_source_a_size_and_a_last_use(cache, tmp_path):
    first = list_entries(cache)[0]
    assert first.source == str(tmp_path / "a.csv")
    assert first.size == sum(path.stat().st_size for path in first.folder.rglob("*"))
    assert time.time() - first.used == pytest.approx(3 * DAY, abs=60)


def test_where_there_is_no_cache_there_are_no_entries(tmp_path):
    assert list_entries(tmp_path / "nowhere") == []


def test_opening_is_a_use(cache, tmp_path):
    open_dataset(tmp_path / "a.csv", cache=cache)
    assert names(cache) == ["b", "c", "a"]


def test_what_an_older_version_left_has_no_source_and_can_be_removed(cache):
    (cache / "old-0123").mkdir()
    (cache / "old-0123" / "items.npy").write_bytes(bytes(100))
    old = next(entry for entry in list_entries(cache) if entry.source is None)
    remove_entries([old])
    assert names(cache) == ["a", "b", "c"]


def test_what_was_not_used_for_some_days(cache):
    entries = list_entries(cache)
    assert unused_for(entries, 2.5) == entries[:1]
    assert unused_for(entries, 1.5) == entries[:2]
    assert unused_for(entries, 0) == entries


def test_removing_leaves_nothing_of_an_entry(cache):
    remove_entries(list_entries(cache))
    assert list(cache.iterdir()) == []


def test_what_is_in_use_stays(cache):
    entries = list_entries(cache)
    with locked(entries[0].folder):
        assert remove_entries(entries) == entries[1:]
    assert names(cache) == ["a"]


def test_room_is_made_by_removing_what_was_not_used_for_the_longest_time(cache):
    _, b, c = list_entries(cache)
    make_room(cache, b.size + c.size, c.folder)
    assert names(cache) == ["b", "c"]
    make_room(cache, 0, c.folder)
    assert names(cache) == ["c"]  # the newest stays


def test_a_new_entry_makes_room(cache, tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "0")
    (tmp_path / "d.csv").write_text("user,item\n1,d\n")
    open_dataset(tmp_path / "d.csv", cache=cache)
    assert names(cache) == ["d"]


def test_the_limit_is_in_gigabytes(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert limit() == DEFAULT_SIZE * 10**9
    monkeypatch.setenv(ENVIRONMENT, "0.5")
    assert limit() == 5 * 10**8


@pytest.mark.parametrize("text", ["much", "-1", "nan", ""])
def test_a_limit_that_is_no_number_is_an_error(monkeypatch, text):
    monkeypatch.setenv(ENVIRONMENT, text)
    with pytest.raises(MiqrecError, match=r"MIQREC_CACHE_SIZE is '.*'; give a number of gigabytes"):
        limit()
