"""A log becomes events of a store, batch by batch: killed and started again, it goes on where it was."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.compiler import SQLCompiler

from miqrec.data.reading.columns import Columns
from miqrec.serving.store.errors import StoreError, telling
from miqrec.serving.store.event import to_microseconds
from miqrec.serving.store.log_rows import scan_rows
from miqrec.serving.store.schema import EVENTS, IMPORTS
from miqrec.serving.store.store import HistoryStore
from miqrec.serving.store.user_order import by_user
from miqrec.serving.store.writing import writing
from miqrec.system.checksums import hash_file
from miqrec.system.files import make_folder, remove, sweep
from miqrec.system.files import writing as writing_file
from miqrec.system.temporary import temporary_name

BATCH = 50_000
"""Rows of a transaction: about a second, for which other writers wait."""

_ELSEWHERE = "another process imports the same log; let it end, or end it"


def import_log(store: HistoryStore, log: Path, columns: Columns, folder: Path) -> Iterator[int]:
    """Import a log into a store; yield how many of its rows are stored, and after each batch again.

    A log is known by its content: of one that was imported before, wholly or as far as a process came that
    was killed, the rows that are stored are not stored again. All rows are checked before the first is
    stored. Sessions are not kept. Without times all rows happened at the moment of the import, in
    their order.

    Args:
        store: Where to.
        log: A file, or a folder of Parquet files.
        columns: Which column is which.
        folder: Where the wanted columns of a text file are put aside meanwhile.

    Raises:
        MiqrecError: If the log can't be read, or holds what a store can't.
        StoreError: If the store can't be written now; what is stored stays, and the same call goes on.
    """
    with _put_aside(folder) as aside:
        rows = scan_rows(log, columns, aside)
        key = _key(log, columns)
        n_stored = _begin(store, key)
        yield n_stored
        for batch in _rest(rows, n_stored):
            _write(store, key, n_stored, batch)
            n_stored += batch.height
            yield n_stored


@contextmanager
def _put_aside(folder: Path) -> Iterator[Path]:
    with writing_file(folder):
        make_folder(folder)
        sweep(folder)
        aside = temporary_name(folder / "log")
        try:
            yield aside
        finally:
            remove(aside)


def _key(log: Path, columns: Columns) -> str:
    """Return a hash of a log's content and of how it is read."""
    files = sorted(log.rglob("*.parquet")) if log.is_dir() else [log]
    parts = [columns.model_dump_json(), *(hash_file(file) for file in files)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _begin(store: HistoryStore, key: str) -> int:
    """Return how many rows of a log are stored, and make a note of it if it is new."""
    with telling(store.name), writing(store.engine) as connection:
        rows: int | None = connection.scalar(select(IMPORTS.c.rows).where(IMPORTS.c.log == key))
        if rows is not None:
            return rows
        try:
            connection.execute(insert(IMPORTS).values(log=key, rows=0))
        except IntegrityError as error:
            raise StoreError(_ELSEWHERE) from error
        return 0


def _rest(rows: pl.LazyFrame, n_stored: int) -> Iterator[pl.DataFrame]:
    """Yield batches of the rows that are not stored yet."""
    before = 0
    for part in by_user(rows):
        yield from part.slice(max(n_stored - before, 0)).iter_slices(BATCH)
        before += part.height


def _write(store: HistoryStore, key: str, n_stored: int, batch: pl.DataFrame) -> None:
    """Store a batch and how far the import is, in one transaction."""
    now = to_microseconds(datetime.now(UTC))
    events = batch.with_columns(pl.col("time").fill_null(now))
    here = (IMPORTS.c.log == key) & (IMPORTS.c.rows == n_stored)
    with telling(store.name), writing(store.engine) as connection:
        noted = connection.execute(update(IMPORTS).where(here).values(rows=n_stored + batch.height))
        if noted.rowcount != 1:
            raise StoreError(_ELSEWHERE)
        _insert(connection, events)


def _insert(connection: Connection, events: pl.DataFrame) -> None:
    """Insert events in the driver's own way; SQLAlchemy's takes twice the time for so many."""
    statement = insert(EVENTS).compile(dialect=connection.dialect, column_keys=events.columns)
    assert isinstance(statement, SQLCompiler)
    order = statement.positiontup
    values = events.to_dicts() if order is None else events.select(order).rows()
    connection.exec_driver_sql(str(statement), values)
