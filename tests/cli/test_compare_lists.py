"""`miqrec compare-lists` as it is typed."""

import json

import polars as pl
import pytest

from commands import miqrec


def write(path, *rows: tuple[object, str]) -> None:
    """Lists of letters, the best first, to a file or a folder."""
    columns = [(user, i, r, "model") for user, items in rows for r, i in enumerate(items, 1)]
    frame = pl.DataFrame(columns, schema=["user", "item", "rank", "source"], orient="row")
    if path.suffix == ".csv":
        frame.write_csv(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    elif path.suffix == ".parquet":
        frame.write_parquet(path)
    else:
        path.mkdir()
        frame.head(3).write_parquet(path / "part-00000.parquet")
        frame.slice(3).write_parquet(path / "part-00001.parquet")


OLD, NEW = [(1, "abc"), (2, "abc"), (3, "xyz")], [(1, "abc"), (2, "abd")]


@pytest.mark.parametrize("name", ["new", "new.parquet", "new.csv", "new.jsonl"])
def test_files_of_every_kind_can_be_compared(tmp_path, name):
    write(tmp_path / "old", *OLD)
    write(tmp_path / name, *NEW)

    done = miqrec("compare-lists", tmp_path / "old", tmp_path / name, "--json")

    found = json.loads(done.stdout)
    assert found["users"] == {"old": 3, "new": 2, "lost": 1, "gained": 0}
    assert found["jaccard"]["mean"] == (3 / 3 + 2 / 4) / 2
    assert found["disappeared"] == ["x", "y", "z"]


def test_a_person_gets_tables(tmp_path):
    write(tmp_path / "old.csv", *OLD)
    write(tmp_path / "new.csv", *NEW)

    shown = miqrec("compare-lists", tmp_path / "old.csv", tmp_path / "new.csv").stdout

    assert "3 users had a list, 2 have one: 1 lost it, 0 gained one" in shown
    assert "FRBO" in shown
    assert "1 items appear: d" in shown


def test_a_script_can_stop_at_lists_that_keep_too_little(tmp_path):
    write(tmp_path / "old.csv", *OLD)
    write(tmp_path / "new.csv", *NEW)
    words = "compare-lists", tmp_path / "old.csv", tmp_path / "new.csv", "--json"

    kept = json.loads(miqrec(*words, "--fail-below", 0.1).stdout)["kept"]
    assert miqrec(*words, "--fail-below", kept - 0.01).returncode == 0
    stopped = miqrec(*words, "--fail-below", kept + 0.01)
    assert stopped.returncode == 1
    assert f"{kept:.3f} of the old lists is kept, which is below" in stopped.stderr


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nowhere.csv", "nowhere.csv does not exist"),
        ("lists.xlsx", "has no known ending"),
        ("empty", "has no .parquet files"),
        ("other.csv", "has no column rank"),
        ("torn.parquet", "torn.parquet can't be read"),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(tmp_path, name, sentence):
    write(tmp_path / "old.csv", *OLD)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.csv").write_text("user,item\n1,a\n")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and half of the rest")

    done = miqrec("compare-lists", tmp_path / "old.csv", tmp_path / name)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
