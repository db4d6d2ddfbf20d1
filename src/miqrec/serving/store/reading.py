"""Queries for the histories of users, each answered from an index alone."""

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlalchemy import CompoundSelect, Connection, Row, bindparam, select, union_all

from miqrec.serving.store.event import StoredEvent, from_microseconds
from miqrec.serving.store.schema import EVENTS

USERS_AT_ONCE = 100
"""Users whose histories one statement asks for; SQLite puts at most 500 queries together."""

_HISTORY = (EVENTS.c.user, EVENTS.c.item, EVENTS.c.time, EVENTS.c.kind, EVENTS.c.arrival)
_ALL = 2**31 - 1

Rows = Sequence[Row[str, str, int, str | None, int]]


def read_histories(
    connection: Connection, users: Sequence[str], newest: int | None
) -> list[list[StoredEvent]]:
    """Read the newest events of each user, or all, oldest first."""
    histories: dict[str, list[StoredEvent]] = {user: [] for user in users}
    distinct = list(histories)
    for start in range(0, len(distinct), USERS_AT_ONCE):
        rows = _newest(connection, distinct[start : start + USERS_AT_ONCE], newest)
        for user, item, time, kind, _ in rows:
            histories[user].append(StoredEvent(user, item, from_microseconds(time), kind))
    return [histories[user] for user in users]


def read_users(connection: Connection, beginning: str, limit: int | None) -> Iterator[str]:
    """Yield the users whose ids begin so, sorted, as many at most."""
    user = EVENTS.c.user
    query = select(user).distinct().order_by(user).limit(limit)
    if beginning:
        query = query.where(user.between(beginning, beginning + chr(sys.maxunicode)))
    yield from connection.execution_options(yield_per=10_000).scalars(query)


def _newest(connection: Connection, users: Sequence[str], newest: int | None) -> Rows:
    values = {f"user_{place}": user for place, user in enumerate(users)}
    most = _ALL if newest is None else newest
    return connection.execute(_query(len(users)), values | {"newest": most}).all()


@lru_cache
def _query(n_users: int) -> CompoundSelect[str, str, int, str | None, int]:
    """Write the query for the newest events, oldest first, of so many users.

    A query of its own for each user reads that user's newest events and stops; one query for all, with a
    window function, would read each history from its beginning.
    """
    each = [
        select(*_HISTORY)
        .where(EVENTS.c.user == bindparam(f"user_{place}"))
        .order_by(EVENTS.c.time.desc(), EVENTS.c.arrival.desc())
        .limit(bindparam("newest"))
        .subquery()
        for place in range(n_users)
    ]
    together = union_all(*(select(part) for part in each))
    return together.order_by(together.selected_columns.time, together.selected_columns.arrival)
