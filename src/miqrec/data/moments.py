"""Moments at which a split by time cuts, as people type them and as data count them."""

from datetime import UTC, datetime, timedelta
from math import isfinite

import polars as pl

from miqrec.data.times import FIRST_SECOND, LAST_SECOND, UNITS, Times, microseconds, unix_unit
from miqrec.errors import MiqrecError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def read_moment(text: str, times: Times) -> float:
    """Read a typed moment in the unit of the times: microseconds since 1970, or the data's own numbers.

    A number is read as the data's numbers were: where those are Unix times, whatever their unit, it may
    be one in seconds, milliseconds, microseconds or nanoseconds.

    Raises:
        MiqrecError: If it is neither a date nor a number.
    """
    number = _number(text)
    if number is None:
        return _date(text)
    if unix_unit(pl.Series(times)) is None:
        return number
    moment: float = microseconds(pl.Series([number])).item()
    return moment


def write_moment(moment: float) -> str:
    """Write a moment as a person would type it: a date where the times are dates."""
    if FIRST_SECOND <= moment / UNITS["us"] < LAST_SECOND:
        return (EPOCH + moment * MICROSECOND).isoformat()
    return str(moment)


def is_same_clock(text: str, times: Times) -> bool:
    """Return whether a moment that `write_moment` wrote is a date where the times are, a number where not."""
    return (_number(text) is None) == (unix_unit(pl.Series(times)) is not None)


def _number(text: str) -> float | None:
    try:
        number = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _date(text: str) -> float:
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise MiqrecError(
            f"the moment {text!r} is no date and no number; write it as 2024-05-01 or 2024-05-01T18:30"
        ) from error
    return ((date if date.tzinfo else date.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
