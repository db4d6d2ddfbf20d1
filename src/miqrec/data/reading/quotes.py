"""Quotes that swallow lines: a stray one takes what follows for text, and rows are gone without a word."""

import csv
from itertools import islice
from pathlib import Path

from miqrec.data.reading.text import open_bytes, open_text
from miqrec.errors import MiqrecError

_CHUNK = 1 << 20


def count_lines(path: Path) -> int:
    """Count the lines of a file, gzipped or not."""
    n_lines, last = 0, b"\n"
    with open_bytes(path) as file:
        while chunk := file.read(_CHUNK):
            n_lines, last = n_lines + chunk.count(b"\n"), chunk[-1:]
    return n_lines + (last != b"\n")


def check_quotes(path: Path, separator: str) -> None:
    """Check that each quote that opens a field is closed at the end of one.

    It reads every field once more, slowly; where each row has a line of its own there is no need.

    Raises:
        MiqrecError: With the line on which the row begins.
    """
    start, n_lines = 1, 0
    with open_text(path) as file:
        rows = csv.reader(file, delimiter=separator, strict=True)
        try:
            for _ in rows:
                start = rows.line_num + 1
        except csv.Error as error:
            n_lines, reason = rows.line_num - start + 1, error
    if n_lines > 1 or (n_lines == 1 and "limit" not in str(reason)):
        raise MiqrecError(f"{path}: {_where(path, start)}; close it, or take it out") from reason


def _where(path: Path, line: int) -> str:
    with open_text(path) as file:
        text = next(islice(file, line - 1, None))
    return f"line {line} has a quote that is never closed or not at the end of its field ({text[:60]!r})"
