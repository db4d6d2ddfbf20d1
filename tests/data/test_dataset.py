"""Data sets on disk: what is written is read back, whole or not at all."""

import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from miqrec.data.dataset import Dataset, read_saved_dataset
from miqrec.data.encoding import build_dataset
from miqrec.errors import MiqrecError
from miqrec.system.checksums import write_described

EVENTS = pl.DataFrame(
    {
        "user": [1, 1],
        "item": [5, 6],
        "time": [0.5, 7.0],
        "kind": ["buy", "view"],
        "session": [3, 3],
    }
)
FILES = [
    *("dataset.json", "items.npy", "offsets.npy", "times.npy", "kinds.npy", "sessions.npy"),
    *("users.parquet", "items.parquet"),
]
USERS = ["bob", "bob", "bob", "ann"]


def small(items: tuple[object, ...] = (30, 10, 30, 20), users: list[str] = USERS) -> Dataset:
    titles = pl.DataFrame({"item": [10], "title": ["ten"], "attributes": [["x", "y"]]})
    described = titles if 10 in items else None
    return build_dataset(pl.DataFrame({"user": users, "item": items}), described, "small")


def test_a_saved_data_set_is_read_back_memory_mapped(tmp_path):
    dataset = small()
    dataset.save(tmp_path / "store")
    again = read_saved_dataset(tmp_path / "store")
    assert isinstance(again.sequences.items, np.memmap)
    assert again.sequences.items.tolist() == dataset.sequences.items.tolist()
    assert again.sequences.offsets.tolist() == dataset.sequences.offsets.tolist()
    assert again.sequences.n_items == 3
    assert again.catalogue.frame.equals(dataset.catalogue.frame)
    assert again.users.equals(dataset.users)
    assert (again.name, again.fingerprint) == ("small", dataset.fingerprint)


def test_a_folder_may_have_any_name(tmp_path):
    small().save(tmp_path / "store[1]*?")
    assert read_saved_dataset(tmp_path / "store[1]*?").users.to_list() == ["bob", "ann"]


def test_times_kinds_and_sessions_are_read_back_memory_mapped(tmp_path):
    build_dataset(EVENTS).save(tmp_path / "store")
    again = read_saved_dataset(tmp_path / "store")
    assert {name: column.tolist() for name, column in again.sequences.columns().items()} == {
        "times": [0.5, 7.0], "kinds": [0, 1], "sessions": [0, 0]
    }  # fmt: skip
    assert isinstance(again.sequences.times, np.memmap)
    assert again.kinds == ("buy", "view")


def test_a_data_set_of_format_1_is_still_read(tmp_path):
    small().save(tmp_path / "store")
    header = json.loads((tmp_path / "store" / "dataset.json").read_text())
    del header["kinds"], header["checksums"]
    (tmp_path / "store" / "dataset.json").write_text(json.dumps(header | {"format": 1}))
    again = read_saved_dataset(tmp_path / "store")
    assert (again.kinds, again.sequences.columns()) == ((), {})


def test_a_data_set_of_format_3_whose_fingerprint_knew_no_kinds_is_still_read(tmp_path):
    build_dataset(EVENTS).save(tmp_path / "store")
    header = json.loads((tmp_path / "store" / "dataset.json").read_text())
    del header["checksums"]
    without_kinds = build_dataset(EVENTS.drop("kind")).fingerprint
    old = header | {"format": 3, "fingerprint": without_kinds}
    write_described(tmp_path / "store" / "dataset.json", old)
    assert read_saved_dataset(tmp_path / "store").kinds == ("buy", "view")


@pytest.mark.parametrize("other", ["config.json", "src"])
def test_a_folder_with_other_files_is_not_replaced(tmp_path, other):
    small().save(tmp_path / "store")
    small().save(tmp_path / "store")  # its own kind makes room
    (tmp_path / "store" / other).mkdir()
    with pytest.raises(MiqrecError, match="holds other files"):
        small().save(tmp_path / "store")
    assert (tmp_path / "store" / other).exists()


def test_saving_replaces_what_was_there_and_leaves_nothing_else(tmp_path):
    small().save(tmp_path / "store")
    small((1, 2, 3, 4)).save(tmp_path / "store")
    assert read_saved_dataset(tmp_path / "store").sequences.n_items == 4
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_failure_while_saving_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch):
    small().save(tmp_path / "store")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted)  # the last file of the folder
    with pytest.raises(KeyboardInterrupt):
        small((1, 2, 3, 4)).save(tmp_path / "store")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert read_saved_dataset(tmp_path / "store").sequences.n_items == 3


def test_the_fingerprint_tells_items_order_bounds_and_external_ids_apart():
    different = [
        small(),
        small((30, 30, 10, 20)),
        small(users=["bob", "bob", "ann", "ann"]),
        small((31, 10, 31, 20)),
        small(("30", "10", "30", "20")),
    ]
    assert len({dataset.fingerprint for dataset in different}) == len(different)


def test_the_fingerprint_tells_kinds_of_event_apart():
    """What is predicted, weighed and left out may depend on them."""
    different = [
        EVENTS,
        EVENTS.drop("kind"),
        EVENTS.with_columns(kind=pl.Series(["view", "buy"])),
        EVENTS.with_columns(kind=pl.Series(["buy", "buy"])),
        EVENTS.with_columns(kind=pl.Series(["buy", None])),
    ]
    assert len({build_dataset(events).fingerprint for events in different}) == len(different)


def test_the_fingerprint_of_data_without_kinds_is_that_of_models_saved_long_ago():
    expected = "81974393cbdce7db26cd54f154d93fafcac8febcdaa39fc10ea6346ee45bcd7e"
    assert small().fingerprint == expected


def test_a_column_of_kinds_without_any_leaves_the_fingerprint():
    nothing = EVENTS.with_columns(kind=pl.lit(None, pl.String))
    assert build_dataset(nothing).fingerprint == build_dataset(EVENTS.drop("kind")).fingerprint


def test_the_fingerprint_is_of_the_data_alone():
    assert small().fingerprint == small(users=["x", "x", "x", "y"]).fingerprint
    assert len(small().fingerprint) == 64


def test_a_folder_without_a_data_set_is_an_error(tmp_path):
    with pytest.raises(MiqrecError, match=r"not a prepared data set: it has no dataset\.json"):
        read_saved_dataset(tmp_path)


def damaged(content: bytes, damage: str) -> bytes:
    """Return a file's content with a bit of its last values turned over, or without its second half."""
    if damage == "cut short":
        return content[: len(content) // 2]
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["a bit", "cut short"])
def test_a_damaged_data_set_is_one_sentence(tmp_path, name, damage):
    build_dataset(EVENTS).save(tmp_path / "store")
    path = tmp_path / "store" / name
    path.write_bytes(damaged(path.read_bytes(), damage))
    with pytest.raises(MiqrecError, match=r"is damaged.*; prepare the data again") as error:
        read_saved_dataset(tmp_path / "store")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", FILES[1:])
def test_a_file_that_is_missing_is_named(tmp_path, name):
    build_dataset(EVENTS).save(tmp_path / "store")
    (tmp_path / "store" / name).unlink()
    with pytest.raises(MiqrecError, match=rf"{name} can't be read: .*; prepare the data again"):
        read_saved_dataset(tmp_path / "store")


def test_whatever_byte_of_the_header_is_wrong_it_says_the_same_or_is_refused(tmp_path):
    build_dataset(EVENTS, name="events").save(tmp_path / "store")
    path = tmp_path / "store" / "dataset.json"
    content, refused = path.read_bytes(), 0
    for place, byte in enumerate(content):
        path.write_bytes(content[:place] + bytes([byte ^ 1]) + content[place + 1 :])
        try:
            found = read_saved_dataset(tmp_path / "store")
        except MiqrecError:
            refused += 1
        else:
            assert (found.name, found.kinds) == ("events", ("buy", "view"))
    assert refused == len(content)


def test_a_newer_format_is_an_error(tmp_path):
    small().save(tmp_path / "store")
    about = json.loads((tmp_path / "store" / "dataset.json").read_text())
    (tmp_path / "store" / "dataset.json").write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(MiqrecError, match="newer miqrec"):
        read_saved_dataset(tmp_path / "store")


@pytest.mark.skipif(os.name != "posix", reason="only there can files be kept small")
def test_a_disk_that_is_full_before_the_last_bytes_leaves_the_old_data_set(tmp_path):
    """NumPy's own `save` leaves such an array short, and says nothing."""
    resource = pytest.importorskip("resource")
    small().save(tmp_path / "store")
    many = small(items=tuple(range(2000)), users=["ann"] * 2000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (128 + 4 * 2000 - 1, limits[1]))  # a byte too few
    try:
        with pytest.raises(MiqrecError, match="store can't be written: File too large"):
            many.save(tmp_path / "store")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert read_saved_dataset(tmp_path / "store").fingerprint == small().fingerprint
