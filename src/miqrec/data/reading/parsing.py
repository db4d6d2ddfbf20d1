"""Columns of a table parsed to ids, strings or integers, and to times that sort."""

import polars as pl

from miqrec.data.reading.tables import Table, reading
from miqrec.data.reading.text import ROW
from miqrec.errors import MiqrecError

_ISO = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f")


def parse_ids(table: Table, column: str) -> pl.Expr:
    """Returns the column as ids: strings or integers, null where it has none.

    Of a text file they are integers if all of them are plain ones ("7", not "07"); whole floats,
    as pandas makes of integers with gaps, become integers again.

    Raises:
        MiqrecError: its type can't hold ids, such as dates.
    """
    values = pl.col(column)
    dtype = table.frame.collect_schema()[column]
    if table.is_text and dtype == pl.String:
        return values.cast(pl.Int64) if _are_integers(table, column) else values
    if dtype.is_integer() or dtype == pl.String:
        return values
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return values.cast(pl.String)
    if dtype.is_float():
        return pl.when(values == values.floor()).then(values).cast(pl.Int64, strict=False)
    raise MiqrecError(
        f"{table.name}: column {table.columns[column]!r} has type {dtype}; ids are strings or "
        "integers"
    )


def parse_times(table: Table, column: str) -> pl.Expr:
    """Returns the column as numbers or dates that sort, null where it has none.

    Text is read as numbers if its first value is one, else as ISO 8601 (UTC where no zone is
    given).

    Raises:
        MiqrecError: its type is no time.
    """
    values = pl.col(column)
    dtype = table.frame.collect_schema()[column]
    if dtype == pl.String:
        return _parse_time_text(table, column)
    if dtype.is_float():
        return values.fill_nan(None)
    if dtype.is_integer() or isinstance(dtype, pl.Date | pl.Datetime | pl.Null):
        return values
    raise MiqrecError(
        f"{table.name}: column {table.columns[column]!r} has type {dtype}; times are numbers, "
        "dates or ISO text"
    )


def _parse_time_text(table: Table, column: str) -> pl.Expr:
    values = pl.col(column)
    if _are_integers(table, column):
        return values.cast(pl.Int64)
    number = values.cast(pl.Float64, strict=False).fill_nan(None)
    if _collect(table, table.frame.select(number.is_not_null().first())).item():
        return number
    with_t = values.str.replace(" ", "T", literal=True)
    local = [with_t.str.to_datetime(form, time_unit="us", strict=False) for form in _ISO]
    zoned = with_t.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    return pl.coalesce(*(time.dt.replace_time_zone("UTC") for time in local), zoned)


def _are_integers(table: Table, column: str) -> bool:
    """Returns whether all values are integers as they are usually written."""
    values = pl.col(column)
    as_written = values.cast(pl.Int64, strict=False).cast(pl.String) == values
    all_are = as_written.fill_null(values.is_null()).all()
    return bool(_collect(table, table.frame.select(all_are)).item())


def check_parsed(table: Table, parsed: dict[str, pl.Expr]) -> None:
    """Checks that there are rows, and that every value of every column could be parsed.

    Raises:
        MiqrecError: with the first row and column that could not, and what stands there.
    """
    counts = [expression.null_count().alias(column) for column, expression in parsed.items()]
    n_rows, *n_nulls = _collect(table, table.frame.select(pl.len(), *counts)).row(0)
    if n_rows == 0:
        raise MiqrecError(f"{table.name} has no rows; give data that has some")
    for column, n_null in zip(parsed, n_nulls, strict=True):
        if n_null:
            bad = table.frame.filter(parsed[column].is_null()).select(ROW, column).head(1)
            raise MiqrecError(_complaint(table, column, *_collect(table, bad).row(0)))


def _complaint(table: Table, column: str, row: int, value: object) -> str:
    place = "line" if table.is_text else "row"
    start = f"{table.name}: column {table.columns[column]!r}"
    if value is None:
        return f"{start} is empty in {place} {row}; fill it in or take the {place} out"
    valid = "numbers or ISO dates" if column == "time" else "strings or whole numbers"
    return f"{start} has {value!r} in {place} {row}, which is no {column}; give {valid}"


def _collect(table: Table, query: pl.LazyFrame) -> pl.DataFrame:
    with reading(table.name):
        return query.collect(engine="streaming")
