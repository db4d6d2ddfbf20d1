"""Lists written part by part: whole, each user's once, whatever stopped the process before."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from lists import killing
from miqrec import Recommender
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.lists import manifest, writing
from worlds import cycle, frame

N_USERS = 120
K = killing.K


@pytest.fixture(scope="module")
def rec() -> Recommender:
    return Recommender.fit(frame(cycle()), model="markov")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(
        manifest, "ROWS", killing.USERS * K
    )  # 25 users a part: four of 25 and one of 20


def read(out: Path) -> pl.DataFrame:
    readers = {".csv": pl.read_csv, ".jsonl": pl.read_ndjson}
    return readers.get(out.suffix, pl.read_parquet)(out)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


PARTS = [f"part-0000{i}.parquet" for i in range(5)]


@pytest.mark.parametrize("name", ["recs", "recs.parquet", "recs.csv", "recs.jsonl"])
def test_what_is_written_is_what_recommend_returns(rec, tmp_path, name):
    written = rec.recommend_to(tmp_path / name, k=K)

    assert read(tmp_path / name).equals(rec.recommend(k=K))
    assert written == (N_USERS, N_USERS * K, 0)
    assert names(tmp_path) == [name]


def test_a_folder_has_parts_alone_that_say_what_was_asked_for(rec, tmp_path):
    rec.recommend_to(tmp_path / "recs", k=K)

    assert names(tmp_path / "recs") == PARTS
    about = manifest.read_manifest(tmp_path / "recs" / PARTS[4])
    assert (about.k, about.n_users, about.model) == (K, N_USERS, rec.artifact.fingerprint)
    assert [pl.read_parquet(tmp_path / "recs" / part).height for part in PARTS] == [
        *[25 * K] * 4,
        20 * K,
    ]


def test_named_users_and_histories_can_be_written_too(rec, tmp_path):
    rec.recommend_to(tmp_path / "named.csv", [7, 3], k=K)
    rec.recommend_to(tmp_path / "typed", histories=[["item 04"], []], k=K)

    assert read(tmp_path / "named.csv").equals(rec.recommend([7, 3], k=K))
    assert read(tmp_path / "typed").equals(rec.recommend(histories=[["item 04"], []], k=K))


def test_users_of_other_data_are_numbered_a_part_at_a_time(rec, tmp_path):
    others = pl.DataFrame({"user": list("aabbbc"), "item": [f"item 0{i}" for i in "871342"]})
    others = pl.concat([others, pl.DataFrame({"user": ["b", "z"], "item": ["unicorn", "yeti"]})])

    with pytest.warns(MiqrecWarning, match="2 of 8 interactions .*2: unicorn, yeti"):
        rec.recommend_to(tmp_path / "recs", data=others, k=K)

    with pytest.warns(MiqrecWarning, match="unicorn"):
        assert read(tmp_path / "recs").equals(rec.recommend(data=others, k=K))
    assert read(tmp_path / "recs").filter(user="z")["source"].to_list() == ["popularity"] * K


@pytest.fixture(scope="module")
def killed(rec, tmp_path_factory) -> Path:
    """Folders in which a process was killed, at one moment each."""
    folder = tmp_path_factory.mktemp("killed")
    rec.save(folder / "model")
    frame(cycle()).write_parquet(folder / "log.parquet")
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    words = [killing.__file__, folder / "model", folder / "log.parquet", folder / "rooms"]
    subprocess.run(
        [sys.executable, *map(str, words)], env=os.environ | {"PYTHONPATH": path}, check=True
    )
    return folder / "rooms"


@pytest.fixture
def stopped(killed, tmp_path) -> Path:
    """A folder in which a process was killed when it had made three parts."""
    shutil.copytree(killed / "within 3", tmp_path / "stopped")
    return tmp_path / "stopped"


@pytest.mark.parametrize("name", killing.NAMES)
@pytest.mark.parametrize("moment", killing.MOMENTS)
@pytest.mark.parametrize("part", killing.PARTS)
def test_a_killed_process_is_gone_on_with(rec, killed, tmp_path, part, moment, name):
    room = Path(shutil.copytree(killed / f"{moment} {part}", tmp_path / "room"))
    assert f"{name}.parts" in names(room)
    assert name not in names(room)

    written = rec.recommend_to(room / name, k=K)

    assert written == (N_USERS, N_USERS * K, part)
    assert read(room / name).equals(rec.recommend(k=K))
    assert f"{name}.parts" not in names(room)
    if name == "recs":
        assert names(room / name) == PARTS


CHANGES = {
    "k": {"k": K + 1},
    "exclude_seen": {"exclude_seen": False},
    "the users": {"users": [7, 3]},
    "the data and the users": {"data": frame(cycle(n_users=119))},
}


@pytest.mark.parametrize("what", CHANGES)
def test_another_request_goes_on_with_nothing(rec, stopped, what):
    with pytest.raises(MiqrecError, match=rf"begun with other values of {what};"):
        rec.recommend_to(stopped / "recs", **({"k": K} | CHANGES[what]))
    assert set(names(stopped / "recs.parts")) >= set(PARTS[:3])


def test_another_model_goes_on_with_nothing(stopped):
    other = Recommender.fit(frame(cycle()), model="popularity")

    with pytest.raises(MiqrecError, match="other values of the model;"):
        other.recommend_to(stopped / "recs", k=K)


def test_kinds_are_part_of_the_data(tmp_path):
    rows = frame(cycle())
    kinds = pl.Series("kind", ["view", "buy"] * rows.height)
    log, other = (
        rows.with_columns(kinds[: rows.height]),
        rows.with_columns(kinds[1 : 1 + rows.height]),
    )
    fitted = Recommender.fit(log, model="markov")

    def data_of(log: pl.DataFrame, name: str) -> str:
        fitted.recommend_to(tmp_path / name, data=log, k=K)
        return manifest.read_manifest(tmp_path / name / PARTS[0]).data

    assert data_of(log, "a") == data_of(log, "b")
    assert data_of(log, "a") != data_of(other, "c")


def test_a_part_that_was_damaged_is_made_again(rec, stopped):
    (stopped / "recs.parts" / PARTS[1]).write_bytes(b"nothing of it")

    assert rec.recommend_to(stopped / "recs", k=K).resumed == 2
    assert read(stopped / "recs").equals(rec.recommend(k=K))


def test_new_lists_take_the_place_of_old_ones_and_of_nothing_else(rec, tmp_path):
    rec.recommend_to(tmp_path / "recs", k=2)
    rec.recommend_to(tmp_path / "recs", k=K)
    assert read(tmp_path / "recs").equals(rec.recommend(k=K))

    (tmp_path / "recs" / "notes.txt").touch()
    with pytest.raises(MiqrecError, match="recs holds other files"):
        rec.recommend_to(tmp_path / "recs", k=K)


def test_old_lists_whose_process_was_killed_after_the_swap_are_in_nobodys_way(rec, tmp_path):
    rec.recommend_to(tmp_path / "recs", k=2)
    (tmp_path / "recs").rename(tmp_path / "recs.parts")

    assert rec.recommend_to(tmp_path / "recs", k=K).resumed == 0
    assert read(tmp_path / "recs").equals(rec.recommend(k=K))


def test_a_folder_of_that_name_with_something_else_in_it_is_left_alone(rec, tmp_path):
    (tmp_path / "recs.parts").mkdir()
    (tmp_path / "recs.parts" / "thesis.txt").touch()

    with pytest.raises(MiqrecError, match=r"holds thesis\.txt; give the lists another name"):
        rec.recommend_to(tmp_path / "recs", k=K)
    assert names(tmp_path / "recs.parts") == ["thesis.txt"]


def test_two_processes_never_write_the_same_lists(rec, tmp_path):
    (tmp_path / "recs.parts").mkdir()
    with (
        writing.locked(tmp_path / "recs.parts" / "parts"),
        pytest.raises(MiqrecError, match="another process is at work"),
    ):
        rec.recommend_to(tmp_path / "recs", k=K)


def test_users_who_had_everything_are_counted(rec, tmp_path):
    everything = [f"item {i:02}" for i in range(20)]
    with pytest.warns(MiqrecWarning, match="1 of 2 users have had every item"):
        rec.recommend_to(tmp_path / "recs", histories=[everything, ["item 01"]], k=K)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("recs.xlsx", "has no known ending"), ("nowhere/recs", "does not exist; make it first")],
)
def test_where_no_lists_can_be_written(rec, tmp_path, name, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        rec.recommend_to(tmp_path / name)
