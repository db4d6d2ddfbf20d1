"""Tables in files, whose endings say whether they are Parquet, CSV or JSON lines."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from miqrec.errors import MiqrecError
from miqrec.system.files import replacing

Writer = Callable[[pl.DataFrame, Path], None]

READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": partial(pl.read_parquet, glob=False),  # a name may hold brackets
    ".csv": partial(pl.read_csv, glob=False),
}

WRITERS: dict[str, Writer] = {
    ".parquet": pl.DataFrame.write_parquet,
    ".csv": pl.DataFrame.write_csv,
    ".jsonl": pl.DataFrame.write_ndjson,
}

SINKS: dict[str, Callable[[pl.LazyFrame, Path], object]] = {
    ".parquet": pl.LazyFrame.sink_parquet,
    ".csv": pl.LazyFrame.sink_csv,
    ".jsonl": pl.LazyFrame.sink_ndjson,
}
"""Write what was not read yet, a piece at a time."""


def read_frame(path: Path, *columns: str | pl.Expr) -> pl.DataFrame:
    """Read these columns, or all, of a Parquet or CSV file that miqrec wrote.

    Raises:
        MiqrecError: it is not there, is damaged or lacks a column.
    """
    try:
        return READERS[path.suffix](path).select(columns or pl.all())
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MiqrecError(
            f"{path} can't be read: {reason}; restore it, or begin again in a new folder"
        ) from error


def check_writable(path: Path | None) -> None:
    """Say so before the work is done if the file could not be written after it.

    Raises:
        MiqrecError: an unknown ending, or a folder that does not exist.
    """
    if path is None:
        return
    if path.suffix not in WRITERS:
        raise MiqrecError(f"{path} has no known ending; name a {', '.join(WRITERS)} file")
    if not path.parent.is_dir():
        raise MiqrecError(f"the folder {path.parent} does not exist; make it first")


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write the frame in the format that the file's ending names, whole or not at all."""
    check_writable(path)
    with replacing(path) as partial:
        WRITERS[path.suffix](frame, partial)


def write_batches(batches: Iterable[pl.DataFrame], path: Path) -> None:
    """Write frames with the same columns, at least one, below each other to one Parquet file.

    No more than a frame is held in memory.
    """
    tables = (batch.to_arrow(compat_level=pl.CompatLevel.oldest()) for batch in batches)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
