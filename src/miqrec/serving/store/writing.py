"""Transactions that write events, each of which is stored once however often it is sent."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import IntegrityError

from miqrec.serving.store.event import Event, to_microseconds
from miqrec.serving.store.schema import EVENTS

Row = Mapping[str, Any]

_AT_ONCE = 1_000
"""Ids that are looked up by one statement."""

_ATTEMPTS = 3


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that writes, and commit it if all goes well.

    SQLite takes its lock at the beginning: a transaction that has read can't wait for one any more.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def write_groups(engine: Engine, groups: Sequence[Sequence[Event]]) -> list[int]:
    """Write groups of events in one transaction; return how many of each were new.

    Where another process stores an event of the same id in the same instant, the transaction is tried again
    and finds it there.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with writing(engine) as connection:
                return _insert_new(connection, groups)
        except IntegrityError:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError


def _insert_new(connection: Connection, groups: Sequence[Sequence[Event]]) -> list[int]:
    ids = [event.id for events in groups for event in events if event.id is not None]
    known = _known(connection, ids)
    now = to_microseconds(datetime.now(UTC))
    rows: list[Row] = []
    counts = []
    for events in groups:
        before = len(rows)
        for event in events:
            if event.id is None or event.id not in known:
                rows.append(_row(event, now))
                known.add(event.id)
        counts.append(len(rows) - before)
    if rows:
        connection.execute(insert(EVENTS), rows)
    return counts


def _known(connection: Connection, ids: Sequence[str]) -> set[str | None]:
    """Return those of the ids whose events are stored."""
    known: set[str | None] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        known.update(connection.scalars(select(EVENTS.c.id).where(EVENTS.c.id.in_(some))))
    return known


def _row(event: Event, now: int) -> Row:
    return {
        "user": event.user,
        "item": event.item,
        "time": now if event.time is None else to_microseconds(event.time),
        "kind": event.kind,
        "id": event.id,
    }
