"""A store of histories: appends that are durable, and the newest events of users."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from miqrec.serving.store.appending import Appender
from miqrec.serving.store.errors import telling
from miqrec.serving.store.event import Event, StoredEvent
from miqrec.serving.store.reading import read_histories, read_users
from miqrec.serving.store.writing import write_groups


class HistoryStore:
    """What users did, kept in a database; `open_store` opens one.

    The events of a user are in the order of their times, and in that of their arrival where times are equal.
    All methods may be called from any thread.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine, self.name = engine, name
        self._appender = Appender(self._write, name)

    def append(self, events: Sequence[Event]) -> int:
        """Append events, all or none of them; return how many are new, once they are durable.

        An event whose id is stored already is a retry and changes nothing. One without a time happened now.

        Raises:
            StoreError: If they can't be stored now. Where the connection broke in the middle they may be
                stored: send them again, with the same ids.
        """
        return self.submit(events).result()

    def submit(self, events: Sequence[Event]) -> "Future[int]":
        """Append events as `append` does, without waiting; the future has the result or the error.

        Raises:
            StoreError: If too many appends are waiting, or the store was closed.
        """
        return self._appender.submit(events)

    def histories(self, users: Sequence[str], newest: int | None = None) -> list[list[StoredEvent]]:
        """Return the events of each user, oldest first; an empty list for one who is not known.

        Args:
            users: Whose; somebody may be named twice.
            newest: How many of each, the newest; None for all.

        Raises:
            StoreError: If the store can't be read now.
        """
        with telling(self.name), self.engine.connect() as connection:
            return read_histories(connection, users, newest)

    def users(self, beginning: str = "", limit: int | None = None) -> Iterator[str]:
        """Yield users in the database's order, those whose ids begin so, as many at most.

        Raises:
            StoreError: If the store can't be read now.
        """
        with telling(self.name), self.engine.connect() as connection:
            yield from read_users(connection, beginning, limit)

    def close(self) -> None:
        """Store what was submitted, and let the database go."""
        self._appender.close()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, groups: Sequence[Sequence[Event]]) -> list[int]:
        with telling(self.name):
            return write_groups(self.engine, groups)
