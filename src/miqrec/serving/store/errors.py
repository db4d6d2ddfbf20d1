"""What can go wrong with a store, said in one sentence."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from miqrec.errors import MiqrecError
from miqrec.system.files import shown

PATIENCE = 5.0
"""Seconds for which a transaction waits until another process lets it write."""

_SQLITE = {
    "SQLITE_FULL": "its disk is full; make room there",
    "SQLITE_BUSY": "another process keeps it locked; end that one, or try again",
    "SQLITE_LOCKED": "another process keeps it locked; end that one, or try again",
    "SQLITE_NOTADB": "it is no SQLite database; name another file, or a new one",
    "SQLITE_READONLY": "it can't be written; check its rights, and those of its folder",
    "SQLITE_CANTOPEN": "it can't be opened; check that its folder exists, and the rights there",
    "SQLITE_IOERR": "its disk can't be read or written; check the disk",
    "SQLITE_CORRUPT": "it is damaged; restore it from a backup",
}
"""What SQLite's errors mean for a person, by how their names begin."""


class StoreError(MiqrecError):
    """A store can't do what it is asked for now: it is full, locked, flooded or can't be reached."""


@contextmanager
def telling(name: str) -> Iterator[None]:
    """Turn what a database raises into one sentence.

    Args:
        name: What the sentence calls the store.

    Raises:
        StoreError: If the database refuses, or can't be reached.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"the store {shown(name)} failed: {_reason(error)}") from error


def _reason(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(cause, "sqlite_errorname", "") if isinstance(cause, sqlite3.Error) else ""
    for start, reason in _SQLITE.items():
        if code.startswith(start):
            return reason
    lines = str(cause or error).strip().splitlines() or [type(error).__name__]
    return f"{lines[0]}; check the database, and that it can be reached"
