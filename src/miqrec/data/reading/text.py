"""Lines of text, gzipped or not, as lazy tables of strings that remember their line numbers."""

import gzip
import json
import zlib
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO, NamedTuple, cast

import polars as pl

from miqrec.data.reading.columns import ITEM, USER, plain_name
from miqrec.errors import MiqrecError

ROW = "__row__"  # the column that says which line or row it was, counted from 1

_DAMAGED = (OSError, EOFError, zlib.error)  # what reading a broken gzip file raises


class Text(NamedTuple):
    """A text file as a table.

    Attributes:
        frame: ROW, and the file's columns as strings.
        first_bad_line: looks for the line that made reading `frame` fail, None if it finds none.
    """

    frame: pl.LazyFrame
    first_bad_line: Callable[[], int | None]


def open_bytes(path: Path) -> IO[bytes]:
    """Opens a file, gzipped or not, whatever its name says."""
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if gzipped else path.open("rb")


def open_text(path: Path) -> IO[str]:
    """Opens a text file, gzipped or not; what is not UTF-8 is replaced, line ends are kept."""
    return TextIOWrapper(open_bytes(path), encoding="utf-8-sig", errors="replace", newline="")


def read_bytes(path: Path) -> bytes:
    """Reads a whole file, gzipped or not.

    Raises:
        MiqrecError: it is damaged.
    """
    try:
        with open_bytes(path) as file:
            return file.read()
    except _DAMAGED as error:
        raise MiqrecError(f"{path} cannot be read ({error}); fetch it again") from error


def first_line(path: Path) -> str:
    """Returns the first line without its end.

    Raises:
        MiqrecError: the file is empty, or gzipped and damaged.
    """
    try:
        with open_text(path) as file:
            line = file.readline()
    except _DAMAGED as error:
        raise MiqrecError(f"{path} cannot be read ({error}); fetch it again") from error
    if not line:
        raise MiqrecError(f"{path} is empty; give a file that has data")
    return line.rstrip("\r\n")


def scan_json_lines(path: Path) -> Text:
    """Scans one JSON object a line, such as Amazon's reviews, with the keys of the first."""
    first = _parse_object(first_line(path))
    if first is None:
        raise MiqrecError(f"{path}: line 1 is not a JSON object; give one object a line")
    kinds = {
        key: pl.List(pl.String) if isinstance(v, list) else pl.String() for key, v in first.items()
    }
    frame = pl.scan_ndjson(path, schema=kinds, row_index_name=ROW, row_index_offset=1)
    return Text(frame, lambda: _first_line_without_object(path))


def _parse_object(line: str) -> dict[str, object] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _first_line_without_object(path: Path) -> int | None:
    with open_text(path) as file:
        lines = enumerate(file, start=1)
        return next((n for n, line in lines if line.strip() and not _parse_object(line)), None)


def scan_sequences(path: Path) -> Text:
    """Scans lines `user item item ...` (S3-Rec), of which `user item` pairs (SASRec) are a case.

    A user may stand on many lines of pairs, but only on one where lines hold more items: a third
    column would otherwise pass for items.

    Raises:
        MiqrecError: it looks like a table, by its header or by users that come back.
    """
    header = [plain_name(field) for field in first_line(path).split()]
    if len(header) > 1 and header[0] in USER and header[1] in ITEM:
        raise MiqrecError(f"{path} has a header, which .txt files have not; name it .csv or .tsv")
    lines = pl.scan_lines(path, name="fields", row_index_name=ROW, row_index_offset=1)
    fields = lines.with_columns(pl.col("fields").str.extract_all(r"\S+"))
    user, items = pl.col("fields").list.first(), pl.col("fields").list.slice(1)
    table = fields.filter(user.is_not_null()).select(ROW, user=user, item=items).collect()
    again = table.filter(~pl.col("user").is_first_distinct())
    if again.height and table.select((pl.col("item").list.len() > 1).any()).item():
        raise MiqrecError(
            f"{path}: line {again[ROW][0]} is a second line of user {again['user'][0]}, but lines "
            "are `user item item ...`; if the file has other columns, give them a header and name "
            "it .csv or .tsv"
        )
    return Text(table.lazy().explode("item", empty_as_null=True), lambda: None)
