"""Times of every unit and type become microseconds since 1970; other numbers stay."""

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.times import microseconds, unix_unit
from miqrec.errors import MiqrecError

NOON = datetime(2020, 9, 13, 12, tzinfo=UTC)
SECOND = 1_599_998_400  # noon in Unix seconds
DATES = {
    "seconds": [SECOND],
    "milliseconds": [SECOND * 10**3],
    "microseconds": [SECOND * 10**6],
    "nanoseconds": [SECOND * 10**9 + 7],
    "float seconds": [float(SECOND)],
    "datetimes": [NOON.replace(tzinfo=None)],
    "datetimes with a zone": [NOON.astimezone(timezone(timedelta(hours=3)))],
}


@pytest.mark.parametrize("times", DATES.values(), ids=DATES)
def test_what_can_be_a_date_is_microseconds(times):
    converted = microseconds(pl.Series(times))
    assert converted.tolist() == [SECOND * 10**6]
    assert converted.dtype == "int64"


def test_days_begin_at_midnight():
    assert microseconds(pl.Series([date(1970, 1, 2)])).tolist() == [86_400 * 10**6]


def test_fractions_of_seconds_are_kept():
    assert microseconds(pl.Series([SECOND + 0.5])).tolist() == [SECOND * 10**6 + 500_000]


OTHERS = {
    "places in a history": [0, 1, 2],
    "small floats": [0.5, 1.5],
    "a second of 1980": [315_532_800],
    "none": [],
}


@pytest.mark.parametrize("times", OTHERS.values(), ids=OTHERS)
def test_other_numbers_stay_what_they_are(times):
    series = pl.Series(times, dtype=None if times else pl.Int64)
    assert unix_unit(series) is None
    assert microseconds(series).tolist() == times


@settings(max_examples=100, deadline=None)
@given(st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)), min_size=1))
def test_every_unit_says_the_same(times):
    series = pl.Series(times, dtype=pl.Datetime("us"))
    expected = series.to_physical().to_list()
    assert microseconds(series).tolist() == expected
    for unit, size in (("us", 1), ("ns", 1_000)):
        numbers = pl.Series(expected) * size
        assert unix_unit(numbers) == unit
        assert microseconds(numbers).tolist() == expected


def test_seconds_among_milliseconds_are_refused_with_their_numbers():
    with pytest.raises(MiqrecError, match=r"in several units \(2 in s, 1 in ms\)"):
        microseconds(pl.Series([SECOND, SECOND * 1000, SECOND + 1]))


def test_numbers_that_are_not_all_unix_times_stay_as_they_are():
    numbers = [1, SECOND, SECOND * 1000]
    assert microseconds(pl.Series(numbers)).tolist() == numbers


def test_numbers_of_a_narrow_type_stay_as_they_are():
    assert microseconds(pl.Series([1, 2], dtype=pl.Int8)).tolist() == [1, 2]
