"""Prepared data sets are kept, and used again for the same files and options alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from disks import SMALL, fill, make_read_only
from miqrec.data.cache_entries import list_entries
from miqrec.data.dataset import Dataset
from miqrec.data.filters import Filters
from miqrec.data.open import DataConfig, open_dataset
from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.wording import for_commands


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
    assert len(list_entries(cache)) == 5


def test_another_content_is_read_even_if_size_and_time_are_the_same(log, cache):
    """As after a copy that keeps times, or where two files change places."""
    before = log.stat()
    opened(log, cache)
    log.write_text(log.read_text().replace("1,b,1", "1,c,1"))
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert log.stat().st_size == before.st_size
    assert opened(log, cache).catalogue.frame["item"].to_list() == ["c", "a"]


def test_the_same_content_is_not_read_again_whenever_it_was_written(log, cache, monkeypatch):
    first = opened(log, cache)
    os.utime(log, ns=(0, 0))
    monkeypatch.delattr("miqrec.data.open.read_interactions")
    assert opened(log, cache).fingerprint == first.fingerprint
    assert len(list_entries(cache)) == 1


def test_a_folder_of_files_is_known_by_the_contents_of_all(tmp_path, cache):
    (tmp_path / "log").mkdir()
    for day, item in (("1", "a"), ("2", "b")):
        frame = pl.DataFrame({"user": [1], "item": [item], "time": [int(day)]})
        frame.write_parquet(tmp_path / "log" / f"{day}.parquet")
    opened(tmp_path / "log", cache)
    frame.with_columns(item=pl.lit("c")).write_parquet(tmp_path / "log" / "2.parquet")
    assert opened(tmp_path / "log", cache).catalogue.frame["item"].to_list() == ["a", "c"]


def test_default_filters_are_those_that_keep_everything(log, cache):
    opened(log, cache)
    opened(log, cache, filters=Filters())
    assert len(list_entries(cache)) == 1


def test_data_frames_stay_in_memory(log, cache):
    frame = pl.DataFrame({"user": [1, 1], "item": [5, 6]})
    open_dataset(DataConfig(source=None), frame, cache=cache)
    described = pl.DataFrame({"item": ["a"], "title": ["A"]})
    open_dataset(DataConfig(source=str(log)), items=described, cache=cache)
    assert not cache.exists()


FILES = [
    *("items.npy", "offsets.npy", "times.npy", "users.parquet", "items.parquet", "dataset.json"),
    "entry.json",
]


@pytest.mark.parametrize("name", FILES)
def test_what_is_damaged_is_prepared_again_with_one_line(log, cache, name, caplog):
    expected = opened(log, cache).fingerprint
    path = next(cache.rglob(name))
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    caplog.set_level("INFO", logger="miqrec")
    assert opened(log, cache).fingerprint == expected
    assert next(cache.rglob(name)).read_bytes() != damaged
    again = [line for line in caplog.messages if line.startswith("prepared again: ")]
    assert len(again) == 1
    assert "is damaged" in again[0] or "entry.json is not" in again[0]


def test_a_file_that_is_missing_is_prepared_again(log, cache):
    opened(log, cache)
    next(cache.rglob("times.npy")).unlink()
    assert opened(log, cache).sequences.times is not None


class TestMessages:
    """What the first reading says is said whenever its result is used."""

    def test_the_columns_that_were_taken(self, log, cache, caplog):
        caplog.set_level("INFO", logger="miqrec")
        opened(log, cache)
        first = caplog.messages[:]
        caplog.clear()
        opened(log, cache)
        assert caplog.messages == first == [f"read {log}: user = user, item = item, time = time"]

    def test_also_where_nobody_listened_at_first(self, log, cache, caplog):
        opened(log, cache)
        assert caplog.messages == []
        caplog.set_level("INFO", logger="miqrec")
        opened(log, cache)
        assert len(caplog.messages) == 1

    def test_in_the_words_of_who_reads_them(self, log, cache, caplog):
        log.write_text("user,item,session\n1,a,3\n1,b,1\n2,a,5\n")
        caplog.set_level("INFO", logger="miqrec")
        with for_commands():
            opened(log, cache)
        opened(log, cache)
        typed, written = caplog.messages
        assert "--by-session would make each session a history" in typed
        assert "by_session=True would make each session a history" in written

    def test_warnings(self, tmp_path, log, cache):
        (tmp_path / "items.csv").write_text("item,title\na,A\nz,Z\n")
        for _ in range(2):
            with pytest.warns(MiqrecWarning, match="1 of the 2 items described have no inter"):
                opened(log, cache, items=str(tmp_path / "items.csv"))

    def test_they_come_before_an_error_and_nothing_is_kept(self, tmp_path, cache):
        (tmp_path / "log.csv").write_text("user,item,shown_at\n1,a,2020-01-01\n")
        filters = Filters(min_user=2)
        with (
            pytest.warns(MiqrecWarning, match="'shown_at' looks like a time and isn't used"),
            pytest.raises(MiqrecError, match="no interactions"),
        ):
            opened(tmp_path / "log.csv", cache, filters=filters)
        assert list_entries(cache) == []


class TestACacheThatCanNotBeWritten:
    """All goes on in memory, with a warning."""

    def test_a_path_below_a_file(self, log, tmp_path):
        (tmp_path / "file").write_text("no folder")
        with pytest.warns(MiqrecWarning, match="can't be kept and are in memory: .*file/cache"):
            dataset = opened(log, tmp_path / "file" / "cache")
        assert dataset.fingerprint == opened(log).fingerprint

    def test_a_full_disk(self, log, small_disk):
        fill(small_disk)
        with pytest.warns(MiqrecWarning, match="are in memory: .* No space left on device"):
            dataset = opened(log, small_disk / "cache")
        assert dataset.fingerprint == opened(log).fingerprint

    def test_a_disk_that_is_nearly_full(self, tmp_path, small_disk):
        """The lock and the first arrays fit, the rest does not; nothing half-written stays."""
        rows = (f"{n // 10},{n},{n}" for n in range(20_000))  # 20,000 x (4 + 8) bytes, and the ids
        (tmp_path / "log.csv").write_text("\n".join(["user,item,time", *rows]))
        (small_disk / "filler").write_bytes(bytes(SMALL - 2**17))
        with pytest.warns(
            MiqrecWarning, match=r"memory: .*/cache/log-[0-9a-f]+ can't be written: .*"
        ):
            dataset = opened(tmp_path / "log.csv", small_disk / "cache")
        assert dataset.catalogue.n_items == 20_000
        assert list_entries(small_disk / "cache") == []

    def test_what_is_there_already_is_used(self, log, small_disk, monkeypatch):
        opened(log, small_disk / "cache")
        make_read_only(small_disk)
        monkeypatch.delattr("miqrec.data.open.read_interactions")
        assert opened(log, small_disk / "cache").catalogue.n_items == 2


PREPARE = """
import sys, time
from pathlib import Path
from miqrec.data import open as opening
read = opening.read_interactions
def slowly(*arguments, **options):
    print("reading", flush=True)
    time.sleep(1)
    return read(*arguments, **options)
opening.read_interactions = slowly
print(opening.open_dataset(sys.argv[1], cache=Path(sys.argv[2])).fingerprint)
"""


def test_of_processes_that_want_the_same_one_prepares_it_and_the_others_wait(log, cache):
    command = [sys.executable, "-c", PREPARE, str(log), str(cache)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    lines = [process.communicate()[0].splitlines() for process in processes]
    assert sum(line.count("reading") for line in lines) == 1
    assert {line[-1] for line in lines} == {opened(log).fingerprint}


def test_preparing_that_is_interrupted_leaves_nothing(log, cache, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pl.DataFrame, "write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        opened(log, cache)
    assert list_entries(cache) == []
    assert {path.suffix for path in cache.iterdir()} == {".lock"}
