"""Folders of Parquet files that were not all written alike."""

from pathlib import Path

import polars as pl
import pytest

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.interactions import read_interactions
from miqrec.errors import MiqrecError

FIRST = pl.DataFrame({"user": ["ann", "bob"], "item": ["a", "b"], "time": [1, 2]})
SECOND = pl.DataFrame({"user": ["ann"], "item": ["c"], "time": [3]})


def log(folder: Path, first: pl.DataFrame, second: pl.DataFrame) -> Path:
    """A log of two days."""
    for day, events in (("day=1", first), ("day=2", second)):
        (folder / day).mkdir()
        events.write_parquet(folder / day / "part-0.parquet")
    return folder


def rows(folder: Path, **columns: str) -> list[tuple]:
    return read_interactions(folder, Columns(**columns)).rows()


ALL = [("ann", "a", 1), ("bob", "b", 2), ("ann", "c", 3)]


def test_brackets_and_stars_in_a_path_are_part_of_the_name(tmp_path):
    for folder in ("log[1]*", "log1"):
        (tmp_path / folder).mkdir()
    log(tmp_path / "log1", SECOND, SECOND)
    assert rows(log(tmp_path / "log[1]*", FIRST, SECOND)) == ALL


def test_columns_may_stand_in_another_order(tmp_path):
    assert rows(log(tmp_path, FIRST, SECOND.select("time", "item", "user"))) == ALL


@pytest.mark.parametrize("reverse", [False, True], ids=["added later", "given up"])
def test_a_column_that_nobody_wants_may_be_in_some_files_only(tmp_path, reverse):
    two = [FIRST, SECOND.with_columns(app=pl.lit("ios"))]
    if reverse:
        two = [FIRST.with_columns(app=pl.lit(5)), SECOND]

    assert rows(log(tmp_path, *two)) == ALL


def test_a_column_that_nobody_wants_may_have_any_type_in_each_file(tmp_path):
    first, second = FIRST.with_columns(app=pl.lit("ios")), SECOND.with_columns(app=pl.lit(5))

    assert rows(log(tmp_path, first, second)) == ALL


def test_a_kind_that_is_logged_from_the_second_day_on_is_missing_before(tmp_path):
    folder = log(tmp_path, FIRST, SECOND.with_columns(what=pl.lit("cart")))

    kinds = read_interactions(folder, Columns(kind="what"))["kind"]

    assert kinds.to_list() == [None, None, "cart"]


@pytest.mark.parametrize("column", ["user", "item", "time"])
@pytest.mark.parametrize("day", [1, 2])
def test_a_file_without_users_items_or_times_is_named(tmp_path, column, day):
    two = [FIRST, SECOND]
    two[day - 1] = two[day - 1].drop(column)

    with pytest.raises(
        MiqrecError, match=f"day={day}/part-0[.]parquet has no column '{column}', which"
    ):
        rows(log(tmp_path, *two))


def test_a_file_with_another_type_is_named(tmp_path):
    folder = log(tmp_path, FIRST, SECOND.cast({"time": pl.Float64}))

    expected = r"day=2/part-0\.parquet: column 'time' has type Float64, but Int64 in .*day=1"
    with pytest.raises(MiqrecError, match=expected):
        rows(folder)


def test_a_damaged_file_is_named(tmp_path):
    folder = log(tmp_path, FIRST, SECOND)
    (folder / "day=2" / "part-1.parquet").write_bytes(b"PAR1")

    with pytest.raises(MiqrecError, match=r"day=2/part-1\.parquet cannot be read"):
        rows(folder)


def test_a_missing_value_is_named_with_its_file(tmp_path):
    folder = log(
        tmp_path, FIRST, pl.concat([SECOND, SECOND.with_columns(user=None)], how="vertical_relaxed")
    )

    with pytest.raises(MiqrecError, match=r"'user' is empty in row 2 of .*day=2/part-0\.parquet"):
        rows(folder)
