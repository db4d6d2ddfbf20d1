"""RecBole's atomic files: tabs, and a header such as `user_id:token<TAB>timestamp:float`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from miqrec.data.reading.delimited import Delimited, open_delimited
from miqrec.data.reading.text import AS_FOUND, ROW, Layout


@dataclass(frozen=True)
class RecBole:
    """A table in which fields of type token_seq or float_seq hold several values, divided by spaces.

    Attributes:
        table: The file as it is written.
        parts: What each column is made of. A history stands in two, such as `item_id_list` with what
            came before and `item_id` with the newest, and is one column of lists, `item_id`.
        lists: The columns of the file that hold several values.
    """

    table: Delimited
    parts: Mapping[str, Sequence[str]]
    lists: Sequence[str]

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns that histories were put together to."""
        return list(self.parts)

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read ROW and these columns as strings or lists of strings."""
        return pl.concat(self.batches(columns))

    def batches(self, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Read the same a batch of rows at a time."""
        parts = [part for column in columns for part in self.parts[column]]
        for batch in self.table.batches(parts):
            yield batch.select(ROW, **{column: self._join(column) for column in columns})

    def head(self) -> pl.DataFrame:
        """Read the first rows of all columns."""
        frame = self.table.head()
        return frame.select(**{column: self._join(column) for column in self.columns})

    def line(self, row: int) -> int | None:
        """Return the line on which a row begins."""
        return self.table.line(row)

    def first_bad_line(self) -> int | None:
        """Return the line of the first row that has not as many fields as the first."""
        return self.table.first_bad_line()

    def _join(self, column: str) -> pl.Expr:
        parts = self.parts[column]
        if not any(part in self.lists for part in parts):
            return pl.col(column)
        return pl.concat_list(
            pl.col(part).str.extract_all(r"\S+") if part in self.lists else pl.col(part)
            for part in parts
        )


def open_recbole(path: Path, _: Layout) -> RecBole:
    """Open an atomic file."""
    table = open_delimited(path, AS_FOUND, "\t", quoted=False)
    types = {name: kind for name, _, kind in (column.partition(":") for column in table.columns)}
    places = dict(zip(types, table.places.values(), strict=True))
    lists = [name for name, kind in types.items() if kind.endswith("_seq")]
    parts: dict[str, list[str]] = {}
    for name in [*lists, *(name for name in types if name not in lists)]:
        whole = name.removesuffix("_list") if name in lists else name
        parts.setdefault(whole, []).append(name)
    return RecBole(replace(table, places=places), parts, lists)
