"""Lines `user item item ...` (S3-Rec), of which `user item` pairs (SASRec) are a case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from miqrec.data.reading.columns import is_usual_name
from miqrec.data.reading.delimited import Delimited, find_separator, open_delimited
from miqrec.data.reading.text import HEAD, ROW, Layout, first_line, is_gzipped, read_bytes
from miqrec.errors import MiqrecError
from miqrec.system.wording import setting

_USUAL = ("\t", ",", ";", "|", " ")


@dataclass(frozen=True)
class Lines:
    """Users and items that were read from lines.

    Attributes:
        table: ROW (the line), user, and item (a string, null for a user without items), a row each.
    """

    table: pl.DataFrame
    columns: Sequence[str] = ("user", "item")

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return ROW and these columns."""
        return self.table.select(ROW, *columns)

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Return the same, which was read whole."""
        yield self.read(columns)

    def head(self) -> pl.DataFrame:
        """Return the first rows."""
        return self.table.select(self.columns).head(HEAD)

    def line(self, row: int) -> int | None:
        """Return the line of a row, which is its number."""
        return row

    def first_bad_line(self) -> int | None:
        """Return None: any line can be read."""
        return None


def open_text_lines(path: Path, layout: Layout) -> Lines | Delimited:
    """Open users with their items, or a table if there is a header or a separator is named.

    A user may stand on many lines of pairs, but only on one where lines hold more items: a third
    column would otherwise pass for items.

    Raises:
        MiqrecError: If it looks like a table without a header.
    """
    line = first_line(path)
    separator = layout.separator or find_separator(line, _USUAL[0], _USUAL)
    is_table = layout.headerless or sum(map(is_usual_name, line.split(separator))) > 1
    if is_table or layout.separator is not None:
        return open_delimited(path, layout._replace(separator=separator))
    table = _split_lines(path)
    _check_users(path, table)
    return Lines(table.explode("item", empty_as_null=True))


def _split_lines(path: Path) -> pl.DataFrame:
    """Return ROW, user and item, a list, of each line that is not blank."""
    source = BytesIO(read_bytes(path)) if is_gzipped(path) else path
    lines = pl.scan_lines(source, name="fields", row_index_name=ROW, row_index_offset=1)
    text = pl.col("fields").str.strip_prefix("\ufeff")  # a byte order mark is no content
    fields = lines.with_columns(text.str.extract_all(r"\S+"))
    user, items = pl.col("fields").list.first(), pl.col("fields").list.slice(1)
    return fields.filter(user.is_not_null()).select(ROW, user=user, item=items).collect()


def _check_users(path: Path, table: pl.DataFrame) -> None:
    again = table.filter(~pl.col("user").is_first_distinct())
    if again.height and table.select((pl.col("item").list.len() > 1).any()).item():
        raise MiqrecError(
            f"{path}: line {again[ROW][0]} is a second line of user {again['user'][0]}, but lines "
            "are `user item item ...`; if the file has other columns, name them by their numbers, as in "
            f"{setting('user', '1')}, {setting('item', '2')} and {setting('time', '3')}, or put a line with "
            "their names above"
        )
