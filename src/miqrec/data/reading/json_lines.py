"""JSON lines: one object a line, such as Amazon's reviews."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from miqrec.data.reading.text import (
    HEAD,
    ROW,
    Layout,
    first_line,
    is_gzipped,
    is_marked,
    open_text,
    read_bytes,
)
from miqrec.errors import MiqrecError


@dataclass(frozen=True)
class JsonLines:
    """A file of JSON objects, a line each.

    Attributes:
        path: The file, gzipped or not.
        types: The keys of the first object, with what their values are read as: lists of strings, or
            strings, which hold anything else as JSON text.
    """

    path: Path
    types: Mapping[str, pl.DataType]

    @property
    def columns(self) -> Sequence[str]:
        """The keys of the first object."""
        return list(self.types)

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read ROW and the values of these keys."""
        return self._scan(columns).collect()

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Read the same a batch of rows at a time."""
        yield from self._scan(columns).collect_batches()

    def head(self) -> pl.DataFrame:
        """Read the first rows of all columns."""
        return self._scan(self.columns).drop(ROW).head(HEAD).collect()

    def line(self, row: int) -> int | None:
        """Return the line of a row; blank ones are no rows."""
        with open_text(self.path) as file:
            lines = (n for n, line in enumerate(file, start=1) if line.strip())
            return next((n for place, n in enumerate(lines, start=1) if place == row), None)

    def first_bad_line(self) -> int | None:
        """Return the first line that is no object, or has a list where none was, or the other way."""
        with open_text(self.path) as file:
            for n, line in enumerate(file, start=1):
                if line.strip() and not self._fits(parse_object(line)):
                    return n
        return None

    def _scan(self, columns: Sequence[str]) -> pl.LazyFrame:
        # Polars takes a byte order mark for content, and unpacks whatever comes.
        is_plain = not is_marked(self.path) and not is_gzipped(self.path)
        source = self.path if is_plain else BytesIO(read_bytes(self.path))
        schema = {name: self.types[name] for name in columns}
        return pl.scan_ndjson(source, schema=schema, row_index_name=ROW, row_index_offset=1)

    def _fits(self, record: dict[str, Any] | None) -> bool:
        if record is None:
            return False
        given = {name: record[name] for name in self.types if record.get(name) is not None}
        return all(
            isinstance(value, list) or not isinstance(self.types[name], pl.List)
            for name, value in given.items()
        )


def open_json_lines(path: Path, _: Layout) -> JsonLines:
    """Open one JSON object a line; the keys of the first are the columns.

    Raises:
        MiqrecError: If the first line is no object.
    """
    first = parse_object(first_line(path))
    if first is None:
        raise MiqrecError(f"{path}: line 1 is not a JSON object; give one object a line")
    return JsonLines(path, {key: _type(value) for key, value in first.items()})


def parse_object(line: str) -> dict[str, Any] | None:
    """Parse a line; None if it is no object, or no JSON that can be read."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):  # a number of 5,000 digits is a ValueError
        return None
    return value if isinstance(value, dict) else None


def _type(value: object) -> pl.DataType:
    is_flat = isinstance(value, list) and not any(isinstance(part, list | dict) for part in value)
    return pl.List(pl.String()) if is_flat else pl.String()
