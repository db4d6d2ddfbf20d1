"""The events of a store become a log, for training."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
from sqlalchemy import select

from miqrec.errors import MiqrecError
from miqrec.serving.store.errors import telling
from miqrec.serving.store.schema import EVENTS
from miqrec.serving.store.store import HistoryStore
from miqrec.system.files import replacing
from miqrec.system.tables import write_batches

BATCH = 100_000
"""Rows of a group in the file."""

_SCHEMA = {"user": pl.String, "item": pl.String, "time": pl.Int64, "kind": pl.String}
_TIME = pl.col("time").cast(pl.Datetime("us", "UTC"))


def export_log(store: HistoryStore, out: Path, names: Mapping[str, str] | None = None) -> int:
    """Write all events to a Parquet file, whole or not at all; return how many there are.

    It is sorted by user, then as in the histories. It has what was stored when the export began, while other
    processes go on appending.

    Args:
        store: Where from.
        out: A .parquet file.
        names: What its columns are called, by user, item, time (a moment in UTC) and kind; one that isn't
            named is called so.

    Raises:
        MiqrecError: If the file can't be written, its name has another ending, or two columns have one name.
        StoreError: If the store can't be read now.
    """
    if out.suffix != ".parquet":
        raise MiqrecError(f"{out} does not end in .parquet, as which a log is exported; name it so")
    called = {role: role for role in _SCHEMA} | dict(names or {})
    if len(set(called.values())) < len(called):
        raise MiqrecError(
            f"two columns are called alike: {', '.join(called.values())}; name them apart"
        )
    n_events = 0

    def counted() -> Iterator[pl.DataFrame]:
        nonlocal n_events
        for batch in _batches(store):
            n_events += batch.height
            yield batch.rename(called)

    with replacing(out) as partial:
        write_batches(counted(), partial)
    return n_events


def _batches(store: HistoryStore) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame(schema=_SCHEMA).with_columns(_TIME)
    columns = (EVENTS.c.user, EVENTS.c.item, EVENTS.c.time, EVENTS.c.kind)
    query = select(*columns).order_by(EVENTS.c.user, EVENTS.c.time, EVENTS.c.arrival)
    with telling(store.name), store.engine.connect() as connection:
        rows = connection.execution_options(yield_per=BATCH).execute(query)
        for part in rows.partitions():
            frame = pl.DataFrame([tuple(row) for row in part], schema=_SCHEMA, orient="row")
            yield frame.with_columns(_TIME)
