"""`miqrec cache` shows what is kept of prepared data, and removes it."""

import json
from pathlib import Path

import pytest

from commands import miqrec
from miqrec.cli import cache as command
from miqrec.data.cache_entries import ENVIRONMENT
from miqrec.data.open import open_dataset


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """A cache with one data set in it, in the place of the person's own."""
    (tmp_path / "log[1].csv").write_text("user,item\n1,a\n")
    open_dataset(tmp_path / "log[1].csv", cache=tmp_path / "cache")
    monkeypatch.setattr(command, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def test_it_shows_source_size_and_last_use_and_the_limit(tmp_path, cache, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "2.5")
    done = miqrec("cache")
    assert done.returncode == 0
    assert f"{tmp_path}/log[1].csv" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 data sets, ")
    assert done.stdout.splitlines()[-1].endswith(f" of at most 2.5 GB, in {cache}")


def test_as_json(tmp_path, cache):
    (entry,) = json.loads(miqrec("cache", "--json").stdout)
    assert entry["source"] == f"{tmp_path}/log[1].csv"
    assert Path(entry["folder"]).parent == cache
    assert entry["size"] > 0


def test_what_was_used_lately_stays(cache):
    assert "0 data sets, 0 bytes removed" in miqrec("cache", "--older-than", 1).stdout
    assert len(list(cache.iterdir())) == 2  # the entry and its lock


@pytest.mark.parametrize("options", [("--all",), ("--older-than", "0")])
def test_what_is_removed_is_gone(cache, options):
    done = miqrec("cache", *options)
    assert "1 data sets, " in done.stdout
    assert done.stdout.endswith(" removed\n")
    assert list(cache.iterdir()) == []


def test_two_ways_to_choose_are_refused():
    done = miqrec("cache", "--all", "--older-than", 3)
    assert (done.returncode, done.stderr) == (
        2,
        "error: --all and --older-than are given; give one of them\n",
    )
