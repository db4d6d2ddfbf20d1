"""Every format, on miniatures of it and on the real files that there are."""

import gzip
import logging
import warnings
from datetime import date

import polars as pl
import pytest

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.interactions import read_interactions
from miqrec.errors import MiqrecError, MiqrecWarning

MINIATURES = {
    "CSV": ("a.csv", "user,item,time\nann,7,10\nbob,8,11\n", [("ann", 7, 10), ("bob", 8, 11)]),
    "CSV, quoted": ("a.csv", 'user,item\nann,"a, b"\n', [("ann", "a, b")]),
    "CSV, Windows": ("a.csv", "\ufeffuser,item\r\n1,2\r\n", [(1, 2)]),
    "CSV, blank lines": ("a.csv", "user,item\n1,2\n\n3,4\n\n", [(1, 2), (3, 4)]),
    "TSV": ("a.TSV", "rating\tuserId\tmovieId\n5\t1\t2\n", [(1, 2)]),
    "RecBole": (
        "ml.inter",
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t2\t5\t8.5\n1\t3\t4\t9\n",
        [(1, 2, 8.5), (1, 3, 9.0)],
    ),
    "SASRec": ("a.txt", "1 10\n1 11\n2 10\n1 12\n", [(1, 10), (1, 11), (2, 10), (1, 12)]),
    "S3-Rec": ("a.txt", "1 10 11 12\n2 10\n", [(1, 10), (1, 11), (1, 12), (2, 10)]),
    "MovieLens 1M": ("ratings.dat", "1::10::5::100\n1::11::3::90\n", [(1, 10, 100), (1, 11, 90)]),
    "MovieLens 100K": (
        "u.data",
        "1\t10\t5\t881250949\n1\t11\t3\t881250940\n",
        [(1, 10, 881250949), (1, 11, 881250940)],
    ),
    "HetRec": (
        "user_taggedartists-timestamps.dat",
        "userID\tartistID\ttagID\ttimestamp\n2\t52\t13\t1238536800000\n",
        [(2, 52, 1238536800000)],
    ),
    "Amazon ratings": (
        "ratings_Beauty.csv",
        "A39HTATAQ9V7YF,0205616461,5.0,1369699200\nA3JM6GV9,B0009RF9DW,3.0,1355443200\n",
        [("A39HTATAQ9V7YF", "0205616461", 1369699200), ("A3JM6GV9", "B0009RF9DW", 1355443200)],
    ),
    "Amazon reviews": (
        "reviews_Beauty.json",
        '{"reviewerID": "A1", "asin": "0205616461", "helpful": [0, 1], "unixReviewTime": 5}\n'
        '{"asin": "B0009RF9DW", "overall": 5.0, "reviewerID": "A2", "unixReviewTime": 6}\n',
        [("A1", "0205616461", 5), ("A2", "B0009RF9DW", 6)],
    ),
}  # fmt: skip

REAL = {
    "ml-1m/ml-1m.txt.gz": (6_040, 3_416, 999_611),
    "ml-100k/u.data": (943, 1_682, 100_000),
    "lastfm/LastFM.txt": (1_090, 3_646, 52_551),
    "beauty-5core/Beauty.txt": (22_363, 12_101, 198_502),
    "beauty-bert4rec/beauty.txt": (40_226, 54_542, 353_962),
}


@pytest.mark.parametrize("gzipped", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize(("name", "content", "expected"), MINIATURES.values(), ids=MINIATURES)
def test_formats(tmp_path, name, content, expected, gzipped):
    path = tmp_path / (name + ".gz" * gzipped)
    path.write_bytes(gzip.compress(content.encode()) if gzipped else content.encode())
    frame = read_interactions(path)
    assert frame.columns == ["user", "item", "time"][: len(expected[0])]
    assert frame.rows() == expected


def test_columns_can_be_named(tmp_path):
    (tmp_path / "a.csv").write_text("who,what,user\nann,ran,7\n")
    columns = Columns(user="who", item="what")
    assert read_interactions(tmp_path / "a.csv", columns).rows() == [("ann", "ran")]


def test_amazons_other_order_of_columns_can_be_named_by_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("0205616461,A39HTATAQ9V7YF,5.0,1369699200\n")
    frame = read_interactions(tmp_path / "a.csv", Columns(user="2", item="1", time="4"))
    assert frame.rows() == [("A39HTATAQ9V7YF", "0205616461", 1369699200)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user,item\n1,2\n,3\n", "column 'user' is empty in line 3"),
        ("user,item\n1,2\n\n2,\n", "column 'item' is empty in line 4"),
        ("user,item,ts\n1,2,3\n1,2,\n", "column 'ts' is empty in line 3"),
        (
            "user,item,ts\n1,2,3\n1,NA,5\n",
            "column 'item' has 'NA' in line 3, so the item is missing",
        ),
        ("user,item,ts\n1,2,3\n1,2,soon\n", "column 'ts' has 'soon' in line 3, which is no time"),
        ("user,item\n1,2\n1,2,3\n", "line 3 cannot be parsed"),
        ('user,item\n1,2\n1,"2\n1,3\n', "line 3 has a quote that is never closed"),
        ("user,item\n", "has no rows"),
        ("who,what\n1,2\n", "no column that is known as the user; it has who, what"),
    ],
)
def test_errors_name_the_file_and_the_place(tmp_path, content, message):
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(MiqrecError, match=rf"log\.csv.*{message}"):
        read_interactions(tmp_path / "log.csv")


def messages_of(caplog, source, columns=None) -> list[str]:
    with caplog.at_level(logging.INFO, "miqrec"):
        read_interactions(source, columns)
    return caplog.messages


def test_a_reading_ends_with_the_columns_that_were_taken(tmp_path, caplog):
    (tmp_path / "a.csv").write_text("userId,movieId,rating,timestamp\n1,2,5,978300760\n")
    assert messages_of(caplog, tmp_path / "a.csv") == [
        f"read {tmp_path}/a.csv: user = userId, item = movieId, time = timestamp"
    ]


def test_without_a_time_it_says_that_the_order_counts(caplog):
    assert messages_of(caplog, pl.DataFrame({"uid": [1], "asin": ["a"]})) == [
        "read the data frame: user = uid, item = asin; no time: the order of rows counts"
    ]


def test_columns_by_number_are_called_so(tmp_path, caplog):
    (tmp_path / "a.csv").write_text("1,x,2\n")
    assert messages_of(caplog, tmp_path / "a.csv", Columns(user="1", item="3")) == [
        f"read {tmp_path}/a.csv: user = column 1, item = column 3; no time: the order of rows counts"
    ]


BOTH = pl.DataFrame(
    {"session_id": [1], "user_id": [2], "item_id": [3], "ts": [4], "event": ["buy"]}
)


def test_where_there_are_users_and_sessions_it_says_how_to_take_the_sessions(caplog):
    assert messages_of(caplog, BOTH) == [
        "read the data frame: user = user_id, item = item_id, time = ts, kind = event, session = "
        "session_id (by_session=True would make each session a history)"
    ]


def test_sessions_that_were_asked_for_need_no_hint(caplog):
    assert messages_of(caplog, BOTH, Columns(user="session_id")) == [
        "read the data frame: user = session_id, item = item_id, time = ts, kind = event"
    ]


def warnings_of(frame, columns=None) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_interactions(frame, columns)
    return [str(warning.message) for warning in caught]


TIMES = {
    "ISO dates": ["2020-01-31", "2020-01-30"],
    "Unix seconds": [1_570_204_162, 1_570_751_454],
    "dates": [date(2020, 1, 31), date(2020, 1, 30)],
}


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_a_column_that_looks_like_a_time_and_is_not_used_is_named_in_a_warning(times):
    frame = pl.DataFrame({"user": [1, 1], "item": [1, 2], "zeit": times})
    with pytest.warns(MiqrecWarning, match="column 'zeit' looks like a time .* by time=\"zeit\""):
        read_interactions(frame)
    assert warnings_of(frame, Columns(time="zeit")) == []


@pytest.mark.parametrize(
    "values", [[1.5, 2.5], ["2020", "x"], [2_000_000_000_123, 7], [None, None]]
)
def test_other_columns_do_not_look_like_a_time(values):
    frame = pl.DataFrame({"user": [1, 1], "item": [1, 2], "other": values}, strict=False)
    assert warnings_of(frame) == []


def test_an_id_does_not_look_like_a_time():
    frame = pl.DataFrame({"user": [1], "item": [2], "category_id": [2_053_013_555_631_882_655]})
    assert warnings_of(frame) == []


@pytest.mark.parametrize(("name", "sizes"), REAL.items(), ids=REAL)
def test_real_files_have_the_known_sizes(shared_data, name, sizes):
    frame = read_interactions(shared_data / name)
    counts = frame.select(pl.col("user").n_unique(), pl.col("item").n_unique(), length=pl.len())
    assert counts.row(0) == sizes
