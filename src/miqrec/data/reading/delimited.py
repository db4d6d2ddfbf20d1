"""Delimited text: CSV, TSV, MovieLens' ratings.dat and u.data, Amazon's ratings."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.csv as arrow_csv

from miqrec.data.reading.columns import is_usual_name
from miqrec.data.reading.headerless import ROLES, are_ratings
from miqrec.data.reading.quotes import check_quotes, count_lines
from miqrec.data.reading.text import HEAD, ROW, Layout, first_line, open_bytes, open_text
from miqrec.errors import MiqrecError
from miqrec.system.wording import setting

SEPARATORS = (",", ";", "\t", "|")
"""What a separator is looked for among."""

_DATUM = re.compile(r"-?\d+(\.\d+)?|\d{4}-\d\d-\d\d.*")
_TEXT: Any = pa.string()
_BLOCK = 1 << 20  # bytes that are parsed at a time; a row must fit into it


@dataclass(frozen=True)
class Delimited:
    """A file of separated fields, which may be quoted; a quote inside a field is only a character.

    Attributes:
        path: The file, gzipped or not.
        places: The place of each column among the fields, from 0.
        n_fields: How many fields a row has.
        separator: The character between two of them.
        has_header: The first row holds the columns' names.
        quoted: Fields may stand in double quotes.
    """

    path: Path
    places: Mapping[str, int]
    n_fields: int
    separator: str
    has_header: bool
    quoted: bool = True

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns."""
        return list(self.places)

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read ROW and these columns as strings, "" where a field is empty."""
        return pl.concat(self.batches(columns))

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Read the same a batch of rows at a time."""
        n_rows = -int(self.has_header)
        yield pl.DataFrame(schema={ROW: pl.get_index_type(), **dict.fromkeys(columns, pl.String())})
        for batch in self._batches(columns):
            rows = batch.select(self._named(columns)).slice(max(-n_rows, 0))
            yield rows.with_row_index(ROW, max(n_rows, 0) + 1)
            n_rows += batch.height
        if self.quoted and count_lines(self.path) > n_rows + self.has_header:
            check_quotes(self.path, self.separator)

    def head(self) -> pl.DataFrame:
        """Read the first rows of all columns; what is not UTF-8 is replaced."""
        first = next(self._batches(self.columns, pa.binary())).select(self._named(self.columns))
        rows = first.slice(int(self.has_header), HEAD)
        return pl.DataFrame(
            {
                name: [field.decode(errors="replace") for field in rows[name]]
                for name in rows.columns
            },
            schema=dict.fromkeys(rows.columns, pl.String()),
        )

    def line(self, row: int) -> int | None:
        """Return the line on which a row begins."""
        try:
            start, _ = next(islice(self._rows(), row - 1 + self.has_header, None))
        except (csv.Error, StopIteration):
            return None
        return start

    def first_bad_line(self) -> int | None:
        """Return the line of the first row that has not as many fields as the first."""
        start = 0
        try:
            for start, fields in self._rows():
                if len(fields) != self.n_fields:
                    return start
        except csv.Error:
            return start + 1
        return None

    def _named(self, columns: Sequence[str]) -> list[pl.Expr]:
        return [pl.col(str(self.places[name])).alias(name) for name in columns]

    def _batches(self, columns: Sequence[str], kind: Any = _TEXT) -> Iterator[pl.DataFrame]:
        """Read these fields, by their places, the header among the rows."""
        fields = [str(place) for place in range(self.n_fields)]
        wanted = {str(self.places[name]) for name in columns}
        with open_bytes(self.path) as stream:
            reader = arrow_csv.open_csv(
                pa.PythonFile(stream, "r"),
                arrow_csv.ReadOptions(column_names=fields, block_size=_BLOCK),
                arrow_csv.ParseOptions(
                    delimiter=self.separator,
                    quote_char='"' if self.quoted else False,
                    newlines_in_values=self.quoted,
                ),
                arrow_csv.ConvertOptions(
                    include_columns=sorted(wanted), column_types=dict.fromkeys(fields, kind)
                ),
            )
            for batch in reader:
                yield pl.DataFrame(pl.from_arrow(batch))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Read the line and the fields of each row, slowly, to find one."""
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
        with open_text(self.path) as file:
            rows = csv.reader(file, delimiter=self.separator, quoting=quoting)
            end = 0
            for fields in rows:
                if fields:
                    yield end + 1, fields
                end = rows.line_num


def open_delimited(
    path: Path, layout: Layout, separator: str = ",", *, quoted: bool = True
) -> Delimited:
    """Open separated fields with a header, or without one where it is clear what they are.

    A first line with a number or a date in it is no header. Then the columns go by the numbers that the
    caller gives, or there are four that look like Amazon's and MovieLens' user, item, rating and time.

    Args:
        path: The file.
        layout: What the caller says of it.
        separator: The usual one of the format; another is taken if the first line has none of it.
        quoted: Fields may stand in double quotes.

    Raises:
        MiqrecError: If there is no header, and nothing says what the columns are.
    """
    line = first_line(path)
    separator = layout.separator or find_separator(line, separator)
    fields = split(path, line, separator, quoted=quoted)
    if layout.headerless and any(is_usual_name(field) for field in fields):
        raise MiqrecError(f"{path} has a header; name the columns by it: {', '.join(fields)}")
    if not layout.headerless and not any(_DATUM.fullmatch(field) for field in fields):
        return Delimited(path, _places(fields), len(fields), separator, True, quoted)
    numbers = [str(place + 1) for place in range(len(fields))]
    text = Delimited(path, _places(numbers), len(fields), separator, False, quoted)
    return text if layout.headerless else _with_roles(text, line)


def _places(names: Sequence[str]) -> dict[str, int]:
    """Return the place of each name, the first where two columns have the same."""
    return {name: names.index(name) for name in names}


def _with_roles(text: Delimited, line: str) -> Delimited:
    """Name the columns of a file without a header by their roles, if there is no doubt of them."""
    if text.n_fields == len(ROLES) and are_ratings(text.head()):
        return replace(text, places=_places(ROLES))
    raise MiqrecError(
        f"{text.path}: line 1 ({line[:60]!r}) is no header, and the columns are not evidently user, item, "
        f"rating and time; name them by their numbers, as in {setting('user', '1')}, {setting('item', '3')} "
        f"and {setting('time', '2')}, or put a line with their names above"
    )


def open_movielens(path: Path, layout: Layout) -> Delimited:
    """Open MovieLens' `user::item::rating::time`, or HetRec's .dat with tabs and a header."""
    if layout.separator is not None or "::" not in first_line(path):
        return open_delimited(path, layout, "\t", quoted=layout.separator is not None)
    # Split at single colons, every second field is empty.
    places = {"user": 0, "item": 2, "rating": 4, "time": 6}
    return Delimited(path, places, 7, ":", has_header=False, quoted=False)


def find_separator(line: str, usual: str, others: Sequence[str] = SEPARATORS) -> str:
    """Return the usual separator if the line has it, else the one with which it has most fields."""
    if usual in line:
        return usual
    return max((usual, *others), key=line.count)


def split(path: Path, line: str, separator: str, *, quoted: bool) -> list[str]:
    """Split a line into its fields.

    Raises:
        MiqrecError: If a field is longer than any column's name.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    try:
        return next(csv.reader([line], delimiter=separator, quoting=quoting))
    except csv.Error as error:
        raise MiqrecError(
            f"{path}: line 1 cannot be split into fields ({error}); it should hold the columns' names"
        ) from error
