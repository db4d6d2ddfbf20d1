"""Sessions instead of users: each is a history of its own, whose id stands where a user's would."""

import re

import polars as pl

from miqrec.data.reading.columns import GAP, Columns
from miqrec.data.times import microseconds, unix_unit
from miqrec.errors import MiqrecError
from miqrec.system.wording import setting

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

MARK = "/"
"""What stands between a user and the number of a session that a gap ends: "ann/3" is ann's third."""


def by_sessions(rows: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Make each session a user, where the columns say so; otherwise return the rows as they are.

    Args:
        rows: Interactions, as `read_interactions` returns them.
        columns: Whether sessions are told apart by their column, or by a gap in time.

    Returns:
        The same rows in the same order, with sessions as users: the session's id, or the user's with the
        number of the session, from 1 ("ann/3").

    Raises:
        MiqrecError: There is no column of sessions, one has no id or several users, or there are no times
            to find gaps in.
    """
    if columns.by_session:
        return _by_column(rows)
    if columns.session_gap is not None:
        return _by_gap(rows, columns.session_gap)
    return rows


def newest_sessions(users: pl.Series) -> pl.DataFrame:
    """Find the newest session of each user, where a gap made the sessions.

    Args:
        users: The ids of the sessions.

    Returns:
        `user`, as the data had it though a string, and `row`, the place of the user's newest session.
    """
    parts = users.str.extract_groups(rf"^(?<user>.*){MARK}(?<number>\d+)$").struct.unnest()
    numbered = parts.with_columns(pl.col("number").cast(pl.Int64)).with_row_index("row")
    newest = pl.col("row").sort_by("number").last().cast(pl.Int64)
    return numbered.group_by("user", maintain_order=True).agg(newest)


def _by_column(rows: pl.DataFrame) -> pl.DataFrame:
    if "session" not in rows.columns:
        raise MiqrecError(
            "the data have no column of sessions beside the users; name it, as in "
            f"{setting('session', 'NAME')}"
        )
    if lacking := rows["session"].null_count():
        raise MiqrecError(
            f"{lacking:,} of {len(rows):,} rows have no session; leave them out, or take users as histories"
        )
    owners = rows.group_by("session", maintain_order=True).agg(pl.col("user").n_unique())
    shared = owners.filter(pl.col("user") > 1)
    if shared.height:
        raise MiqrecError(
            f"{shared.height:,} of {owners.height:,} sessions have several users (such as "
            f"{shared['session'][0]}), so their ids don't tell sessions apart; give ids that do, or cut "
            f"histories by {setting('session_gap', '30m')}"
        )
    return rows.with_columns(user="session")


def _by_gap(rows: pl.DataFrame, text: str) -> pl.DataFrame:
    if "time" not in rows.columns:
        raise MiqrecError(
            "a gap between sessions is one in time, and the data have no column with times; name it, as in "
            f"{setting('time', 'NAME')}"
        )
    gap = _gap(text, rows["time"])
    timed = rows.with_columns(_time=pl.Series(microseconds(rows["time"]))).with_row_index("_row")
    begins = pl.col("_time").diff().over("user") > gap
    ordered = timed.sort("_time", maintain_order=True)
    numbered = ordered.with_columns(
        _number=1 + begins.fill_null(value=False).cum_sum().over("user")
    )
    named = numbered.with_columns(user=pl.format(f"{{}}{MARK}{{}}", "user", "_number"))
    return named.sort("_row").select(rows.columns)


def _gap(text: str, times: pl.Series) -> float:
    """Read a gap in the unit of the times: microseconds, or the data's own numbers."""
    match = re.fullmatch(GAP, text)
    assert match is not None  # the config has seen to it
    number, unit = float(match["number"]), match["unit"]
    are_dates = times.dtype == pl.Date or isinstance(times.dtype, pl.Datetime)
    if are_dates or unix_unit(times) is not None:
        if unit is None:
            raise MiqrecError(
                f"session_gap {text} has no unit, and the times are dates; write it as {text}m or {text}h"
            )
        return number * _SECONDS[unit] * 1e6
    if unit is not None:
        raise MiqrecError(
            f"session_gap {text} is a time of the clock, and the times of the data are numbers that are no "
            "dates; give a number in their unit"
        )
    return number
