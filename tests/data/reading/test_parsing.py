"""Ids are strings or integers, times sort; what is neither is named."""

from datetime import UTC, date, datetime

import pandas as pd
import polars as pl
import pytest

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.interactions import read_interactions
from miqrec.errors import MiqrecError, MiqrecWarning


def of_text(tmp_path, column: str, values: list[str]) -> list[object]:
    """The values of a column as they come out of a CSV file."""
    names = {"user": "u", "item": "i", "time": "0"}
    rows = [",".join({**names, column: value}.values()) for value in values]
    (tmp_path / "a.csv").write_text("\n".join(["user,item,time", *rows]))
    return read_interactions(tmp_path / "a.csv")[column].to_list()


def of_frame(column: str, values: pl.Series | pd.Series | list) -> list[object]:
    one = pl.Series([1] * len(values))
    frame = {"user": one, "item": one, "time": one, column: pl.Series(values)}
    return read_interactions(pl.DataFrame(frame))[column].to_list()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["7", "-8", "0"], [7, -8, 0]),
        (["7", "B8"], ["7", "B8"]),
        (["07", "8"], ["07", "8"]),
        (["7", "99999999999999999999"], ["7", "99999999999999999999"]),
        (["101.0", "101", "-7.00"], [101, 101, -7]),
        (["9007199254740993.0"], [9_007_199_254_740_993]),
        (["101.0", "B8"], ["101.0", "B8"]),
        (["1.5", "2.5"], ["1.5", "2.5"]),
    ],
    ids=[
        *("plain integers", "one is not", "a leading zero counts", "too large for one"),
        *("whole floats", "beyond floats", "text beside a float", "fractions"),
    ],
)
def test_ids_of_text_files_are_integers_only_if_all_are(tmp_path, values, expected):
    assert of_text(tmp_path, "item", values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series([7.0, 8.0]), [7, 8]),
        (pl.Series(["7", "8"]), ["7", "8"]),
        (pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "b"]),
        (pl.Series([7, 8], dtype=pl.UInt8), [7, 8]),
    ],
    ids=["whole floats", "text stays text", "categories", "small integers"],
)
def test_ids_of_frames(values, expected):
    assert of_frame("user", values) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, None], "column 'user' is empty in row 2"),
        ([1.0, float("nan")], "column 'user' has nan in row 2, which is no user"),
        ([1.0, 1.5], "column 'user' has 1.5 in row 2, which is no user; give strings or whole"),
        ([None, None], "column 'user' is empty in row 1"),
        ([True, False], "column 'user' has type Boolean; ids are strings or integers"),
        ([date(2020, 1, 1)], "column 'user' has type Date"),
        (
            [2.0**53 + 2],
            "column 'user' has 9007199254740994.0 in row 1, which several integers are",
        ),
        (
            pl.Series([2.0**24 + 2], dtype=pl.Float32),
            "column 'user' has 16777218.0 in row 1, which",
        ),
    ],
)
def test_what_is_no_id_is_an_error(values, message):
    with pytest.raises(MiqrecError, match=f"the data frame: {message}"):
        of_frame("user", values)


MISSING = ["", "NA", "N/A", "<NA>", "null", "NULL", "nan", "NaN", "None", r"\N"]


@pytest.mark.parametrize("word", MISSING)
@pytest.mark.parametrize("column", ["user", "item"])
def test_words_for_nothing_are_no_ids_of_text_files(tmp_path, column, word):
    message = rf"column '{column}' .* in line 3, so the {column} is missing; fill it in, .* missing=\"drop\""
    with pytest.raises(MiqrecError, match=message):
        of_text(tmp_path, column, ["7", word])


def test_words_are_ids_of_data_frames():
    assert of_frame("user", ["NA", "null"]) == ["NA", "null"]


def test_rows_without_an_id_are_dropped_by_option_and_counted(tmp_path):
    (tmp_path / "a.csv").write_text("who,item,time\n1,a,1\nNA,b,2\n1,,3\n2,c,NA\n2,d,5\n")
    columns = Columns(user="who", missing="drop")
    counts = "3 of 5 rows have no 'who' or 'item' or 'time' and were dropped"
    with pytest.warns(MiqrecWarning, match=counts):
        frame = read_interactions(tmp_path / "a.csv", columns)
    assert frame.rows() == [(1, "a", 1), (2, "d", 5)]


def test_gaps_of_data_frames_are_dropped_by_option():
    frame = pl.DataFrame({"user": [1.0, None, 2.0, float("nan")], "item": ["a", "b", None, "c"]})
    with pytest.warns(MiqrecWarning, match="3 of 4 rows"):
        rows = read_interactions(frame, Columns(missing="drop")).rows()
    assert rows == [(1, "a")]


def test_a_value_that_is_no_id_is_not_dropped_with_the_gaps():
    frame = pl.DataFrame({"user": [1.5, 1.0], "item": ["a", "b"]})
    with pytest.raises(MiqrecError, match=r"has 1\.5 in row 1, which is no user"):
        read_interactions(frame, Columns(missing="drop"))


def test_words_are_ids_by_option(tmp_path):
    (tmp_path / "a.csv").write_text("user,item\nNA,1\n,2\n7,3\n")
    frame = read_interactions(tmp_path / "a.csv", Columns(missing="keep"))
    assert frame.rows() == [("NA", 1), ("", 2), ("7", 3)]


def test_a_time_that_is_missing_cannot_be_kept(tmp_path):
    (tmp_path / "a.csv").write_text("user,item,time\n1,1,NA\n")
    with pytest.raises(
        MiqrecError, match="column 'time' has 'NA' in line 2, so the time is missing"
    ):
        read_interactions(tmp_path / "a.csv", Columns(missing="keep"))


def test_kinds_and_sessions_may_have_gaps(tmp_path):
    (tmp_path / "a.csv").write_text("user,item,event,session\n1,1,view,5.0\n1,2,NA,\n")
    rows = read_interactions(tmp_path / "a.csv").rows()
    assert rows == [(1, 1, "view", 5), (1, 2, None, None)]


def test_a_missing_user_of_a_session_is_an_error_that_says_how_to_take_sessions(tmp_path):
    (tmp_path / "a.csv").write_text("sessionId;userId;itemId\n1;NA;5\n")
    with pytest.raises(MiqrecError, match='or take sessions as users by user="sessionId"'):
        read_interactions(tmp_path / "a.csv")


def test_pandas_gaps_in_integers_are_found():
    frame = pd.DataFrame({"user": [1, None, 3], "item": ["a", "b", "c"]})
    with pytest.raises(MiqrecError, match="column 'user' is empty in row 2"):
        read_interactions(frame)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["978300760", "5"], [978300760, 5]),
        (["1.5", "1e9", "2"], [1.5, 1e9, 2.0]),
        (["1600000000123456789"], [1600000000123456789]),
        (["2020-01-31"], [datetime(2020, 1, 31, tzinfo=UTC)]),
        (["2020-01-31 10:20"], [datetime(2020, 1, 31, 10, 20, tzinfo=UTC)]),
        (["2020-01-31T10:20:30.5"], [datetime(2020, 1, 31, 10, 20, 30, 500_000, tzinfo=UTC)]),
        (["2019-10-01 00:00:00 UTC"], [datetime(2019, 10, 1, tzinfo=UTC)]),
        (
            ["2020-01-31 10:20:30Z", "2020-01-31T10:20:30+02:00"],
            [
                datetime(2020, 1, 31, 10, 20, 30, tzinfo=UTC),
                datetime(2020, 1, 31, 8, 20, 30, tzinfo=UTC),
            ],
        ),
    ],
    ids=["integers", "floats", "nanoseconds", "days", "minutes", "fractions", "UTC", "zones"],
)
def test_times_of_text(tmp_path, values, expected):
    assert of_text(tmp_path, "time", values) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["5", "x"], "'x' in line 3, which is no time; give numbers or ISO dates"),
        (["5", "2020-01-31"], "'2020-01-31' in line 3"),
        (["2020-01-31", "5"], "'5' in line 3"),
        (["2020-01-31", "2020-13-31"], "'2020-13-31' in line 3"),
        (["soon"], "'soon' in line 2"),
        (["nan"], "'nan' in line 2, so the time is missing"),
    ],
)
def test_text_that_is_no_time_is_an_error(tmp_path, values, message):
    with pytest.raises(MiqrecError, match=rf"a\.csv: column 'time' has {message}"):
        of_text(tmp_path, "time", values)


@pytest.mark.parametrize(
    "values",
    [[3, 4], [0.5, 1.5], [date(2020, 1, 1), date(2020, 1, 2)], [datetime(2020, 1, 1, 5)]],
    ids=["integers", "floats", "dates", "datetimes"],
)
def test_times_of_frames_stay_what_they_are(values):
    assert of_frame("time", values) == values


def test_other_types_are_no_times():
    with pytest.raises(MiqrecError, match="column 'time' has type Boolean; times are numbers"):
        of_frame("time", [True])


def test_a_time_that_is_no_number_is_an_error():
    with pytest.raises(MiqrecError, match="column 'time' has nan in row 2"):
        of_frame("time", [1.0, float("nan")])
