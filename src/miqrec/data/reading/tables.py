"""Files and data frames of any format as tables of the columns that are wanted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow as pa

from miqrec.data.reading.delimited import open_delimited, open_movielens
from miqrec.data.reading.json_lines import open_json_lines
from miqrec.data.reading.lines import open_text_lines
from miqrec.data.reading.parquet import all_columns, place_in, read_schemas, scan_files
from miqrec.data.reading.recbole import open_recbole
from miqrec.data.reading.text import (
    AS_FOUND,
    DAMAGED,
    HEAD,
    ROW,
    Layout,
    TextFile,
    first_line_not_utf_8,
)
from miqrec.errors import MiqrecError
from miqrec.system.tables import write_batches

Choose = Callable[[str, Sequence[str]], dict[str, str]]
"""From a source's name and its columns to the columns that are wanted, by the names to give them;
raises MiqrecError where one is missing."""

_SEPARATED: dict[str, Callable[[Path, Layout], TextFile]] = {
    ".csv": open_delimited,
    ".tsv": partial(open_delimited, separator="\t"),
    ".data": partial(open_delimited, separator="\t", quoted=False),
    ".dat": open_movielens,
    ".txt": open_text_lines,
}
_TEXT: dict[str, Callable[[Path, Layout], TextFile]] = _SEPARATED | {
    ".inter": open_recbole,
    ".item": open_recbole,
    ".json": open_json_lines,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
}
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Table:
    """The wanted columns of a source.

    Attributes:
        frame: ROW (its row in the source, from 1) and the wanted columns.
        columns: What the source calls each of them.
        name: The path, or "the data frame".
        is_text: It was a text file, so a string may stand for a number or for nothing.
        place: Says where a row is, such as "line 7".
        head: Reads the first rows of all columns of the source.
    """

    frame: pl.LazyFrame
    columns: dict[str, str]
    name: str
    is_text: bool = False
    place: Callable[[int], str] = "row {}".format
    head: Callable[[], pl.DataFrame] = pl.DataFrame


def open_table(
    source: Any,
    choose: Choose,
    layout: Layout = AS_FOUND,
    name: str | None = None,
    aside: Path | None = None,
) -> Table:
    """Open a path or a data frame (pandas, Polars, Arrow, or another that narwhals takes).

    Parquet and lazy frames stay lazy; of text files, the wanted columns are read into memory, or put aside.

    Args:
        source: The path or the frame.
        choose: Says which columns are wanted.
        layout: What the caller says of a text file.
        name: What errors call a frame.
        aside: A Parquet file to write the columns of a text file to, for one that doesn't fit into memory.

    Raises:
        MiqrecError: If there is no such file, it is empty, damaged or of an unknown format, a column is
            missing, or a separator is named for what has none.
    """
    path = Path(source) if isinstance(source, str | Path) else None
    if layout.separator is not None and (path is None or file_format(path) not in _SEPARATED):
        raise MiqrecError(
            f"{path or 'a data frame'} has no separator to name; only {', '.join(_SEPARATED)} files have"
        )
    if path is None:
        return _open_frame(source, choose, name or "the data frame")
    if not path.exists():
        raise MiqrecError(f"{path} does not exist; check the path")
    if path.is_dir() or file_format(path) in _PARQUET:
        return _open_parquet(path, choose)
    if file_format(path) not in _TEXT:
        formats = ", ".join([*_TEXT, *_PARQUET])
        raise MiqrecError(
            f"{path} is of an unknown format; its name should end in {formats} or .gz"
        )
    return _open_text(path, choose, layout, aside)


def file_format(path: Path) -> str:
    """Return the ending that names the format: ".csv" of ratings.csv and of ratings.CSV.gz."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


@contextmanager
def reading(name: str, find_fault: Callable[[], str | None] = lambda: None) -> Iterator[None]:
    """Turn what is said of a source that can't be read into a MiqrecError, with the fault if it is found."""
    try:
        yield
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
        if fault := find_fault():
            raise MiqrecError(f"{name}: {fault}") from error
        reason = str(error).partition("\n")[0]
        message = f"{name} cannot be read ({reason}); correct the file or fetch it again"
        raise MiqrecError(message) from error


def _find_fault(path: Path, text: TextFile) -> str | None:
    """Say which line can't be read and why; None where that can't be told."""
    try:
        if line := text.first_bad_line():
            return f"line {line} cannot be parsed; correct it or take it out"
    except DAMAGED:
        return None
    return _find_bad_text(path)


def _find_bad_text(path: Path) -> str | None:
    """Say which line is not in UTF-8; None if all are, or it can't be told."""
    with suppress(*DAMAGED):
        if line := first_line_not_utf_8(path):
            return f"line {line} is not in UTF-8; save the file in UTF-8"
    return None


def _open_text(path: Path, choose: Choose, layout: Layout, aside: Path | None) -> Table:
    with reading(str(path), partial(_find_bad_text, path)):
        text = _TEXT[file_format(path)](path, layout)
    columns = choose(str(path), text.columns)
    with reading(str(path), partial(_find_fault, path, text)):
        frame = _read(text, list(dict.fromkeys(columns.values())), aside)

    def place(row: int) -> str:
        line = text.line(row)
        return f"row {row}" if line is None else f"line {line}"

    return Table(_select(frame, columns), columns, str(path), True, place, text.head)


def _read(text: TextFile, columns: Sequence[str], aside: Path | None) -> pl.LazyFrame:
    if aside is None:
        return text.read(columns).lazy()
    write_batches(text.batches(columns), aside)
    return pl.scan_parquet(aside, glob=False)


def _open_parquet(path: Path, choose: Choose) -> Table:
    schemas = read_schemas(path)
    columns = choose(str(path), all_columns(schemas))
    frame = scan_files(schemas, columns)
    place = partial(place_in, schemas)
    head = partial(pl.read_parquet, next(iter(schemas)), n_rows=HEAD, glob=False)
    return Table(_select(frame, columns), columns, str(path), place=place, head=head)


def _open_frame(source: Any, choose: Choose, name: str) -> Table:
    try:
        frame = nw.from_native(source)
    except TypeError as error:
        kind = type(source).__name__
        raise MiqrecError(
            f"cannot read an object of type {kind}; give a path, a data frame or histories"
        ) from error
    available = [column for column in frame.collect_schema().names() if isinstance(column, str)]
    columns = choose(name, available)
    try:
        polars = _to_polars(frame.select(*dict.fromkeys(columns.values())))
    except pa.ArrowException as error:
        raise MiqrecError(f"{name} has a column of mixed types ({error}); give it one") from error
    wanted = _select(polars.with_row_index(ROW, 1), columns)
    return Table(wanted, columns, name, head=partial(_head_of_frame, frame, available))


def _head_of_frame(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], available: Sequence[str]
) -> pl.DataFrame:
    """Return the first rows of the columns that Polars can hold."""
    columns = []
    for name in available:
        try:
            columns.append(_to_polars(frame.select(name).head(HEAD)).collect().to_series())
        except (pa.ArrowException, pl.exceptions.PolarsError):
            continue  # a column of mixed types, which nobody wants
    return pl.DataFrame(columns)


def _to_polars(frame: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> pl.LazyFrame:
    if isinstance(frame, nw.DataFrame):
        return frame.to_polars().lazy()
    native = frame.to_native()
    if isinstance(native, pl.LazyFrame):
        return native
    return frame.collect("polars").to_polars().lazy()


def _select(frame: pl.LazyFrame, columns: dict[str, str]) -> pl.LazyFrame:
    return frame.select(ROW, **{role: pl.col(name) for role, name in columns.items()})
