"""Parquet and data frames, lazily where they can be; and what is no table."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.tables import open_table
from miqrec.errors import MiqrecError

FRAME = pl.DataFrame({"rating": [5, 4], "user": [1, 2], "item": ["a", "b"]})


def rows(source: object) -> list[tuple]:
    return open_table(source, Columns().choose).frame.collect().rows()


@pytest.mark.parametrize(
    "source",
    [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_pandas()],
    ids=["Polars", "lazy Polars", "Arrow", "pandas"],
)
def test_data_frames(source):
    assert rows(source) == [(1, 1, "a"), (2, 2, "b")]


def test_columns_of_a_data_frame_that_are_not_wanted_may_hold_anything():
    frame = pd.DataFrame({"user": [1, 2], "item": [3, 4], "zip": ["0815", 815], 0: [{}, []]})
    assert rows(frame) == [(1, 1, 3), (2, 2, 4)]


def test_a_data_frame_with_a_column_of_mixed_types_is_an_error():
    with pytest.raises(MiqrecError, match="the data frame has a column of mixed types"):
        rows(pd.DataFrame({"user": [1, "x"], "item": [1, 2]}))


def test_parquet(tmp_path):
    FRAME.write_parquet(tmp_path / "a.parquet")
    assert rows(tmp_path / "a.parquet") == rows(str(tmp_path / "a.parquet")) == rows(FRAME)


def test_a_folder_of_parquet_files_is_read_in_the_order_of_their_names(tmp_path):
    FRAME[1:].write_parquet(tmp_path / "b.parquet")
    FRAME[:1].write_parquet(tmp_path / "a.parquet")
    (tmp_path / "_SUCCESS").touch()
    assert rows(tmp_path) == [(1, 1, "a"), (2, 2, "b")]


def test_parquet_stays_lazy(tmp_path):
    FRAME.write_parquet(tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet", Columns().choose)
    assert "Parquet SCAN" in table.frame.explain()


@pytest.mark.parametrize("source", [5, {"user": [1]}, np.zeros((2, 2)), pa.array([1]), None])
def test_other_objects_are_an_error(source):
    with pytest.raises(MiqrecError, match="cannot read an object of type"):
        rows(source)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", None, "does not exist"),
        ("a.xlsx", b"x", r"unknown format; its name should end in \.csv, \.tsv"),
        (
            "a.csv",
            b"user,item\n1,caf\xe9\n",
            "line 2 is not in UTF-8; save the file",
        ),
        ("a.parquet", b"no", "cannot be read .*footer"),
        ("a.json", b'{"user": 1, "item": "caf\xe9"}\n', "line 1 is not in UTF-8"),
        ("a.json", b"{}\nx\n", "no column that is known as the user"),
        ("a.json", b'{"user": 1, "item": 2}\n{"user"\n', "line 2 cannot be parsed"),
    ],
)
def test_unreadable_files_are_errors_with_their_names(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(MiqrecError, match=rf"{name}.*{message}"):
        rows(tmp_path / name)


def test_a_folder_without_parquet_files_is_an_error(tmp_path):
    with pytest.raises(MiqrecError, match=r"a folder without \.parquet files"):
        rows(tmp_path)
