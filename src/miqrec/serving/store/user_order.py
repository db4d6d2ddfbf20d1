"""The rows of a log brought into the order of its users, part by part."""

from collections.abc import Iterator
from itertools import pairwise

import polars as pl

PART = 1_000_000
"""Rows that are held in memory at once, about; all of a user's are."""

_EVERY = 1_000
"""Every so manieth row shows where to cut."""


def by_user(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows of some users after the other, in the order of times, then of the log.

    An index is written many times faster so: neighbours go onto the same page. Each part reads the log once,
    instead of all of it being sorted in memory. The parts are the same each time.

    Args:
        rows: With the columns user and time.
    """
    user = pl.col("user")
    for low, high in pairwise([None, *_cuts(rows), None]):
        within = pl.lit(value=True) if low is None else user >= low
        if high is not None:
            within &= user < high
        part = rows.filter(within).sort("user", "time", maintain_order=True)
        yield part.collect(engine="streaming")


def _cuts(rows: pl.LazyFrame) -> list[str]:
    """Choose users that divide the log in parts, by a sample of its rows."""
    some = rows.select("user").with_row_index("row").filter(pl.col("row") % _EVERY == 0)
    users = some.collect(engine="streaming")["user"].sort()
    return (
        users.gather_every(PART // _EVERY, offset=PART // _EVERY)
        .unique(maintain_order=True)
        .to_list()
    )
