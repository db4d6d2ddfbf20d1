"""Sessions as histories: told apart by a column, or ended by a gap."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from miqrec import MiqrecError, Recommender
from miqrec.data.reading.columns import Columns
from miqrec.data.sessions import by_sessions, newest_sessions

NOON = datetime(2024, 5, 1, 12)
MINUTES = [0, 10, 45, 50, 200]


def log(*minutes: int, user: str = "ann") -> pl.DataFrame:
    times = [NOON + timedelta(minutes=minute) for minute in minutes]
    return pl.DataFrame({"user": user, "item": [*map(str, minutes)], "time": times})


def users(rows: pl.DataFrame, **columns: object) -> list[str]:
    return by_sessions(rows, Columns(**columns))["user"].to_list()


def test_a_session_ends_where_nothing_happens_for_longer_than_the_gap():
    rows = log(*MINUTES)
    assert users(rows, session_gap="30m") == ["ann/1", "ann/1", "ann/2", "ann/2", "ann/3"]
    assert users(rows, session_gap="35m")[2] == "ann/1"  # no longer than the gap
    assert users(rows, session_gap="1h") == ["ann/1"] * 4 + ["ann/2"]


def test_each_users_gaps_are_their_own_and_rows_need_not_be_in_order():
    rows = pl.concat([log(100, 0), log(50, user="bob")])
    assert users(rows, session_gap="1h") == ["ann/2", "ann/1", "bob/1"]


def test_times_may_be_unix_times_or_mere_numbers():
    seconds = log(*MINUTES).with_columns(pl.col("time").dt.epoch("s"))
    assert users(seconds, session_gap="30m") == users(log(*MINUTES), session_gap="30m")
    steps = pl.DataFrame({"user": [7, 7, 7], "item": [1, 2, 3], "time": [0, 1, 5]})
    assert users(steps, session_gap="2") == ["7/1", "7/1", "7/2"]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40)), min_size=1), st.integers(1, 9)
)
def test_gaps_are_those_of_plain_loops(events, gap):
    names, times = zip(*events, strict=True)
    rows = pl.DataFrame({"user": names, "item": range(len(events)), "time": times})
    expected, last, number = {}, {}, {}
    for place in sorted(range(len(events)), key=lambda place: times[place]):
        name, time = events[place]
        is_new = name in last and time - last[name] > gap
        number[name] = number.get(name, 1) + is_new
        last[name] = time
        expected[place] = f"{name}/{number[name]}"
    assert users(rows, session_gap=str(gap)) == [expected[place] for place in range(len(events))]


def test_a_column_of_sessions_gives_their_ids():
    rows = log(0, 1).with_columns(session=pl.Series(["x", "y"]))
    assert users(rows, by_session=True) == ["x", "y"]
    assert users(rows) == ["ann", "ann"]


@pytest.mark.parametrize(
    ("rows", "columns", "reason"),
    [
        (log(0, 1), {"by_session": True}, "no column of sessions"),
        (
            log(0, 1).with_columns(session=pl.Series(["x", None])),
            {"by_session": True},
            "1 of 2 rows",
        ),
        (
            pl.concat([log(0), log(1, user="bob")]).with_columns(session=pl.lit(1)),
            {"by_session": True},
            r"1 of 1 sessions have several users \(such as 1\)",
        ),
        (log(0, 1).drop("time"), {"session_gap": "30m"}, "no column with times"),
        (log(0, 1), {"session_gap": "30"}, "has no unit, and the times are dates"),
        (
            log(0, 1).with_columns(time=pl.Series([1, 2])),
            {"session_gap": "30m"},
            "numbers that are no dates",
        ),
    ],
)
def test_what_makes_no_sessions_is_refused(rows, columns, reason):
    with pytest.raises(MiqrecError, match=reason):
        by_sessions(rows, Columns(**columns))


@pytest.mark.parametrize("gap", ["soon", "30 minutes", "-1h", ""])
def test_what_is_no_gap_is_refused(gap):
    with pytest.raises(ValidationError, match="is no gap in time"):
        Columns(session_gap=gap)


def test_sessions_are_told_apart_in_one_way():
    with pytest.raises(ValidationError, match="by their column or by a gap"):
        Columns(session_gap="1h", by_session=True)


def test_the_newest_session_has_the_highest_number():
    ids = pl.Series("user", ["ann/10", "a/b/1", "ann/9"])
    assert newest_sessions(ids).rows() == [("ann", 0), ("a/b", 1)]


@pytest.mark.filterwarnings("ignore:.* fewer than 3 interactions")
class TestLists:
    ROWS = pl.concat([log(*MINUTES), log(0, 10, 300, user="bob")])
    ROWS = ROWS.with_columns(item=pl.Series(["a", "b", "c", "a", "d", "a", "b", "c"]))

    @pytest.fixture
    def rec(self) -> Recommender:
        return Recommender.fit(self.ROWS, model="markov", session_gap="30m", final=True)

    def test_all_users_get_a_list_after_their_newest_session(self, rec):
        assert set(rec.recommend(k=1)["user"]) == {"ann/3", "bob/2"}

    def test_a_user_stands_for_the_newest_session_and_a_session_for_itself(self, rec):
        asked = rec.recommend(["ann", "ann/1"], k=1)
        assert asked["user"].to_list() == ["ann/3", "ann/1"]

    def test_other_data_are_cut_likewise(self, rec, tmp_path):
        rec.save(tmp_path / "model")
        cats = log(0, 99, user="cat").with_columns(item=pl.Series(["a", "b"]))
        lists = Recommender.load(tmp_path / "model").recommend(["cat"], data=cats, k=1)
        assert lists["user"].to_list() == ["cat/2"]

    def test_what_is_unknown_is_refused(self, rec):
        with pytest.raises(MiqrecError, match=r"no interactions of 1 of 1 users \(eve\)"):
            rec.recommend(["eve"])

    def test_leave_one_out_asks_in_each_session(self):
        rows = self.ROWS.with_columns(session=pl.col("user") + "s")
        rec = Recommender.fit(rows, model="markov", by_session=True)
        assert rec.dataset.users.to_list() == ["anns", "bobs"]
        assert rec.ranks().height == 2
