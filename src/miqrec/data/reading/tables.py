"""Opens whatever holds a table, a file or a data frame, down to the columns that are wanted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow as pa

from miqrec.data.reading.delimited import scan_delimited, scan_movielens, scan_recbole
from miqrec.data.reading.text import ROW, Text, scan_json_lines, scan_sequences
from miqrec.errors import MiqrecError

Choose = Callable[[str, Sequence[str]], dict[str, str]]
"""From a source's name and its columns to the columns that are wanted, by the names to give them;
raises MiqrecError where one is missing."""

_TEXT: dict[str, Callable[[Path], Text]] = {
    ".csv": partial(scan_delimited, separator=","),
    ".tsv": partial(scan_delimited, separator="\t"),
    ".data": partial(scan_delimited, separator="\t", quoted=False),
    ".dat": scan_movielens,
    ".inter": scan_recbole,
    ".item": scan_recbole,
    ".txt": scan_sequences,
    ".json": scan_json_lines,
    ".jsonl": scan_json_lines,
    ".ndjson": scan_json_lines,
}
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Table:
    """The wanted columns of a source.

    Attributes:
        frame: ROW (its line or row in the source, from 1) and the wanted columns.
        columns: what the source calls each of them.
        name: the path, or "the data frame".
        is_text: it was a text file: all columns are strings, and ROW counts lines.
    """

    frame: pl.LazyFrame
    columns: dict[str, str]
    name: str
    is_text: bool = False


def open_table(source: Any, choose: Choose) -> Table:
    """Opens a path or a data frame (pandas, Polars, Arrow, or another that narwhals takes).

    Parquet and lazy frames stay lazy; of text files, the wanted columns are read into memory.

    Raises:
        MiqrecError: there is no such file, it is empty, damaged or of an unknown format, or a
            column is missing.
    """
    if not isinstance(source, str | Path):
        return _open_frame(source, choose)
    path = Path(source)
    if not path.exists():
        raise MiqrecError(f"{path} does not exist; check the path")
    if path.is_dir() or file_format(path) in _PARQUET:
        return _open_parquet(path, choose)
    if file_format(path) not in _TEXT:
        known = ", ".join([*_TEXT, *_PARQUET])
        raise MiqrecError(f"{path} is of an unknown format; its name should end in {known} or .gz")
    return _open_text(path, choose)


def file_format(path: Path) -> str:
    """Returns the ending that names the format: ".csv" of ratings.csv and of ratings.CSV.gz."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


@contextmanager
def reading(name: str, first_bad_line: Callable[[], int | None] = lambda: None) -> Iterator[None]:
    """Turns what Polars says of a file that it cannot read into a MiqrecError with the line."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        line = first_bad_line()
        if line is not None:
            message = f"{name}: line {line} cannot be parsed; correct it or take it out"
        else:
            reason = str(error).partition("\n")[0]
            message = f"{name} cannot be read ({reason}); correct the file or fetch it again"
        raise MiqrecError(message) from error


def _open_text(path: Path, choose: Choose) -> Table:
    with reading(str(path)):
        text = _TEXT[file_format(path)](path)
        available = text.frame.collect_schema().names()[1:]
    columns = choose(str(path), available)
    with reading(str(path), text.first_bad_line):
        frame = _select(text.frame, columns).collect()
    return Table(frame.lazy(), columns, str(path), is_text=True)


def _open_parquet(path: Path, choose: Choose) -> Table:
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise MiqrecError(f"{path} is a folder without .parquet files; give one that has some")
    with reading(str(path)):
        frame = pl.scan_parquet(files, row_index_name=ROW, row_index_offset=1)
        available = frame.collect_schema().names()[1:]
    columns = choose(str(path), available)
    return Table(_select(frame, columns), columns, str(path))


def _open_frame(source: Any, choose: Choose) -> Table:
    name = "the data frame"
    try:
        frame = nw.from_native(source)
    except TypeError as error:
        kind = type(source).__name__
        raise MiqrecError(
            f"cannot read an object of type {kind}; give a path or a data frame"
        ) from error
    columns = choose(name, [c for c in frame.collect_schema().names() if isinstance(c, str)])
    try:
        polars = _to_polars(frame.select(*dict.fromkeys(columns.values())))
    except pa.ArrowException as error:
        raise MiqrecError(f"{name} has a column of mixed types ({error}); give it one") from error
    return Table(_select(polars.with_row_index(ROW, 1), columns), columns, name)


def _to_polars(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> pl.LazyFrame:
    if isinstance(frame, nw.DataFrame):
        return frame.to_polars().lazy()
    native = frame.to_native()
    if isinstance(native, pl.LazyFrame):
        return native
    return frame.collect("polars").to_polars().lazy()


def _select(frame: pl.LazyFrame, columns: dict[str, str]) -> pl.LazyFrame:
    return frame.select(ROW, **{role: pl.col(name) for role, name in columns.items()})
