"""Interactions (who used what, and when) from any format, with every id and time checked."""

import logging
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.headerless import are_dates, are_unix_times
from miqrec.data.reading.parsing import (
    collect,
    is_missing,
    parse,
    parse_ids,
    parse_kinds,
    parse_times,
    scan,
)
from miqrec.data.reading.tables import Table, open_table
from miqrec.data.reading.text import ROW, Layout
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.forks import refuse_stuck_process
from miqrec.system.wording import setting

_log = logging.getLogger("miqrec")


def read_interactions(
    source: Any,
    columns: Columns | None = None,
    *,
    name: str | None = None,
) -> pl.DataFrame:
    """Read interactions, one a row, in the order of the source, and log which columns were taken.

    The ending of a file's name tells its format; each may be gzipped: .csv, .tsv, .parquet (or a folder
    of such files, in the order of their names), RecBole's .inter, .txt with SASRec's `user item` or
    S3-Rec's `user item item ...`, MovieLens' ratings.dat and u.data, Amazon's ratings .csv and reviews
    .json. We wrote the readers of .dat and of Amazon's files by the published descriptions, without
    the real files. Where the column of the items holds lists, each list is a whole history.

    Args:
        source: A path, or a data frame: pandas, Polars, Arrow, or another that narwhals takes.
        columns: Which column is which, by default found by their usual names, and what to do with
            rows that lack a user, an item or a time; in text files words such as NA count as nothing.
        name: What messages call a data frame.

    Returns:
        Columns user and item (strings or integers) and, where the source has them, time (what
        sorts), kind (strings) and session (strings or integers); the last two may have nulls.

    Raises:
        MiqrecError: If there is no such file, it is empty, damaged or of an unknown format, a column
            is missing, or a row has no user, item or time, or can't be parsed.
    """
    columns = columns or Columns()
    table = _open(source, columns, name)
    rows = parse(table, _required(table, columns), _optional(table))
    _tell(table, columns)
    return rows


def scan_interactions(source: Path, columns: Columns, aside: Path) -> pl.LazyFrame:
    """Read interactions as `read_interactions` does, lazily, for a log that doesn't fit into memory.

    Histories that stand in one field each, gzipped JSON lines and SASRec's and S3-Rec's lines are read whole.

    Args:
        source: The log.
        columns: Which column is which.
        aside: A Parquet file to write what is wanted of a text file to; it is there as long as the frame is
            used.

    Raises:
        MiqrecError: As `read_interactions`; all rows are checked.
    """
    table = _open(source, columns, None, aside)
    rows = scan(table, _required(table, columns), _optional(table))
    _tell(table, columns)
    return rows


def _open(source: Any, columns: Columns, name: str | None, aside: Path | None = None) -> Table:
    refuse_stuck_process()
    layout = Layout(columns.separator, headerless=columns.are_numbers)
    table = _unfold(open_table(source, columns.choose, layout, name, aside))
    return _drop_missing(table) if columns.missing == "drop" else table


def _required(table: Table, columns: Columns) -> dict[str, pl.Expr]:
    """Return the columns that may have no gaps, as far as the source has them."""
    parsed = {role: parse_ids(table, role, columns.missing) for role in ("user", "item")}
    if "time" in table.columns:
        parsed["time"] = parse_times(table, "time")
    return parsed


def _optional(table: Table) -> dict[str, pl.Expr]:
    """Return the columns that may have gaps, as far as the source has them."""
    columns = {}
    if "kind" in table.columns:
        columns["kind"] = parse_kinds(table, "kind")
    if "session" in table.columns:
        columns["session"] = parse_ids(table, "session")
    return columns


def _unfold(table: Table) -> Table:
    """Give each item of a history a row of its own, where the column of the items holds lists.

    Raises:
        MiqrecError: If a user has several such rows that don't begin alike, or a history not as many times
            as items.
    """
    schema = table.frame.collect_schema()
    if not isinstance(schema["item"], pl.List):
        return table
    lists = [role for role in table.columns if isinstance(schema[role], pl.List)]
    rows = _longest(table, collect(table, table.frame))
    for role in lists:
        uneven = rows.filter(pl.col(role).list.len() != pl.col("item").list.len())
        if uneven.height:
            place = table.place(uneven[ROW][0])
            raise MiqrecError(f"{table.name}: {place} has not one {role} for each item; correct it")
    return replace(table, frame=rows.explode(lists, empty_as_null=True).lazy())


def _longest(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the longest history of each user, if the others are its beginnings, as training files repeat them.

    Raises:
        MiqrecError: If one is no beginning, since two histories may overlap.
    """
    whole = pl.col("item").sort_by(pl.col("item").list.len()).last().over("user")
    is_beginning = whole.list.head(pl.col("item").list.len()) == pl.col("item")
    if (other := rows.filter(~is_beginning & pl.col("user").is_not_null())).height:
        raise MiqrecError(
            f"{table.name}: {table.place(other[ROW][-1])} is a second history of user "
            f"{other['user'][-1]}, and histories may overlap; give each user one, or each item a row"
        )
    longest_first = rows.sort(pl.col("item").list.len(), descending=True, maintain_order=True)
    known = longest_first.filter(pl.col("user").is_first_distinct() | pl.col("user").is_null())
    if known.height < rows.height:
        _log.info("of %s histories the longest of each user counts", f"{rows.height:,}")
    return known.sort(ROW)


def _drop_missing(table: Table) -> Table:
    """Leave out the rows without a user, an item or a time, and warn of how many there were."""
    roles = [role for role in ("user", "item", "time") if role in table.columns]
    lacking = pl.any_horizontal(is_missing(table, role) for role in roles)
    n_rows, n_dropped = collect(table, table.frame.select(pl.len(), lacking.sum())).row(0)
    if n_dropped:
        names = " or ".join(repr(table.columns[role]) for role in roles)
        message = f"{table.name}: {n_dropped:,} of {n_rows:,} rows have no {names} and were dropped"
        warnings.warn(message, MiqrecWarning, stacklevel=4)
    return replace(table, frame=table.frame.filter(~lacking))


def _tell(table: Table, columns: Columns) -> None:
    """Log which columns were taken, and warn of a time that wasn't."""
    named = "column " if columns.are_numbers else ""
    roles = ", ".join(f"{role} = {named}{column}" for role, column in table.columns.items())
    if "time" not in table.columns:
        roles += "; no time: the order of rows counts"
        if unused := _unused_times(table):
            warnings.warn(
                f"{table.name}: column {unused[0]!r} looks like a time and isn't used, so the order of "
                f"rows counts; name it by {setting('time', unused[0])}",
                MiqrecWarning,
                stacklevel=4,
            )
    if "session" in table.columns and columns.user is None and not columns.by_session:
        roles += f" ({setting('by_session', True)} would make each session a history)"
    _log.info("read %s: %s", table.name, roles)


def _unused_times(table: Table) -> list[str]:
    """Return the columns whose first values look like times, though the columns aren't used."""
    used = table.columns.values()
    head = table.head()
    return [
        column for column in head.columns if column not in used and _looks_like_time(head[column])
    ]


def _looks_like_time(values: pl.Series) -> bool:
    """Return whether values are dates, ISO text or Unix times of this era."""
    values = values.drop_nulls()
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        return True
    if values.is_empty() or not (values.dtype == pl.String or values.dtype.is_numeric()):
        return False
    text = values.cast(pl.String)
    return are_dates(text) or (are_unix_times(text) and not _is_id(values.name))


def _is_id(column: str) -> bool:
    return column.lower().endswith("id")
