"""Delimited text: CSV, TSV, RecBole's .inter, MovieLens' ratings.dat and u.data, Amazon's CSV."""

import csv
import re
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from miqrec.data.reading.text import ROW, Text, first_line, open_text
from miqrec.errors import MiqrecError

_HEADERLESS = ["user", "item", "rating", "time"]


def scan_delimited(path: Path, separator: str, *, quoted: bool = True) -> Text:
    """Scans separated fields with a header, or Amazon's and MovieLens' four without one.

    Without a header (a number stands in the first line) the fields are user, item, rating and
    time. Amazon's ratings of 2018 have item before user: `Columns(user="item", item="user")`.

    Raises:
        MiqrecError: there is no header, and not four fields.
    """
    line = first_line(path)
    fields = next(csv.reader([line], delimiter=separator))
    if not any(re.fullmatch(r"-?\d+(\.\d+)?", field) for field in fields):
        return _scan_csv(path, separator, quoted=quoted, header=True)
    if len(fields) != len(_HEADERLESS):
        raise MiqrecError(
            f"{path}: line 1 ({line[:40]!r}) is data; put a line with the columns' names above it"
        )
    return _scan_csv(path, separator, _HEADERLESS, quoted=quoted)


def scan_recbole(path: Path) -> Text:
    """Scans RecBole's atomic files: tabs, and a header such as `user_id:token<TAB>time:float`.

    A column of type token_seq becomes a list of strings.
    """
    fields = [field.partition(":") for field in first_line(path).split("\t")]
    text = _scan_csv(path, "\t", [name for name, _, _ in fields], quoted=False, header=True)
    lists = [pl.col(name).str.split(" ") for name, _, kind in fields if kind == "token_seq"]
    return text._replace(frame=text.frame.with_columns(lists))


def scan_movielens(path: Path) -> Text:
    """Scans MovieLens' `user::item::rating::time`, or HetRec's .dat with tabs and a header."""
    if "::" not in first_line(path):
        return scan_delimited(path, "\t", quoted=False)
    # Split at single colons, every second field is empty.
    names = ["user", "_1", "item", "_2", "rating", "_3", "time"]
    return _scan_csv(path, ":", names, quoted=False)


def _scan_csv(
    path: Path,
    separator: str,
    names: list[str] | None = None,
    *,
    quoted: bool,
    header: bool = False,
) -> Text:
    frame = pl.scan_csv(
        path,
        separator=separator,
        has_header=header,
        new_columns=names,
        quote_char='"' if quoted else None,
        infer_schema=False,  # strings first: whether ids are integers is decided on all of them
        row_index_name=ROW,
        row_index_offset=2 if header else 1,
    )
    blank = pl.all_horizontal(pl.exclude(ROW).is_null())
    find = partial(_first_ragged_line, path, separator, quoted=quoted)
    return Text(frame.filter(~blank), find)


def _first_ragged_line(path: Path, separator: str, *, quoted: bool) -> int | None:
    """Returns the first line with more fields than line 1, or with a quote that is not closed."""
    end = 0
    with open_text(path) as file:
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        rows = csv.reader(file, delimiter=separator, quoting=quoting, strict=True)
        try:
            n_fields = len(next(rows))
            for row in rows:
                if len(row) > n_fields:
                    return rows.line_num
                end = rows.line_num
        except csv.Error:
            return end + 1
    return None
