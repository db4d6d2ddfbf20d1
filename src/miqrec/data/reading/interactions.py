"""Reads who used what and when, from any format, with every id and time checked."""

from typing import Any

import polars as pl

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.parsing import check_parsed, parse_ids, parse_times
from miqrec.data.reading.tables import Table, open_table

__all__ = ["Columns", "read_interactions"]


def read_interactions(source: Any, columns: Columns | None = None) -> pl.LazyFrame:
    """Read interactions, one a row, in the order of the source.

    Formats, by the name's ending (gzipped too): .csv, .tsv, .parquet (or a folder of such files,
    in the order of their names), RecBole's .inter, .txt with SASRec's `user item` or S3-Rec's
    `user item item ...`, MovieLens' ratings.dat and u.data, Amazon's ratings .csv and reviews
    .json. Parquet is read lazily, text into memory. The .dat and Amazon readers follow the
    published descriptions; they have not met the real files.

    Args:
        source: a path, or a data frame: pandas, Polars, Arrow, or another that narwhals takes.
        columns: which column is which; by default found by their usual names.

    Returns:
        Columns user and item (strings or integers) and, where the source has them, time (what
        sorts), kind (strings) and session (strings or integers); the last two may have nulls.

    Raises:
        MiqrecError: there is no such file, it is empty, damaged or of an unknown format, a column
            is missing, or a row has no user, item or time, or cannot be parsed.
    """
    table = open_table(source, (columns or Columns()).choose)
    parsed = {role: parse_ids(table, role) for role in ("user", "item")}
    if "time" in table.columns:
        parsed["time"] = parse_times(table, "time")
    check_parsed(table, parsed)
    return table.frame.select(**parsed, **_optional(table))


def _optional(table: Table) -> dict[str, pl.Expr]:
    """Return the columns that may have gaps, as far as the source has them."""
    columns = {}
    if "kind" in table.columns:
        columns["kind"] = pl.col("kind").cast(pl.String)
    if "session" in table.columns:
        columns["session"] = parse_ids(table, "session")
    return columns
