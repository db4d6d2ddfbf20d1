"""Columns of a table parsed to ids, strings or integers, and to times that sort."""

import polars as pl

from miqrec.data.ids import whole_floats, whole_text
from miqrec.data.reading.columns import Missing
from miqrec.data.reading.tables import Table, reading
from miqrec.data.reading.text import ROW
from miqrec.errors import MiqrecError
from miqrec.system.wording import setting

MISSING_WORDS = ("", "NA", "N/A", "<NA>", "NULL", "null", "NaN", "nan", "None", r"\N")
"""What stands in text files where there is nothing."""

_SHOWN = 80
"""Characters of a value that a message shows."""

_ISO = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f")


def parse_ids(table: Table, column: str, missing: Missing = "error") -> pl.Expr:
    """Parse a column to ids, strings or integers, null where it has none.

    Those of a text file are integers if all of them are plain ones ("7", not "07") or whole floats
    ("7.0"). Whole floats of frames, as pandas makes of integers with gaps, become integers again.

    Raises:
        MiqrecError: If its type can't hold ids, such as dates.
    """
    values = pl.col(column)
    dtype = table.frame.collect_schema()[column]
    if table.is_text and dtype == pl.String:
        values = values.fill_null("") if missing == "keep" else _without_words(values)
        return _integers(table, values, otherwise=values)
    if dtype.is_integer() or dtype == pl.String:
        return values
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return values.cast(pl.String)
    if dtype.is_float():
        return whole_floats(values, dtype)
    raise MiqrecError(
        f"{table.name}: column {table.columns[column]!r} has type {dtype}; ids are strings or "
        "integers"
    )


def is_missing(table: Table, column: str) -> pl.Expr:
    """Return whether nothing stands in a column, or in a text file a word for nothing."""
    values = pl.col(column)
    dtype = table.frame.collect_schema()[column]
    if table.is_text and dtype == pl.String:
        return values.is_null() | values.is_in(MISSING_WORDS)
    return values.is_null() | (values.is_nan() if dtype.is_float() else pl.lit(value=False))


def parse_kinds(table: Table, column: str) -> pl.Expr:
    """Parse a column to strings, null where it has none."""
    values = pl.col(column).cast(pl.String)
    return _without_words(values) if table.is_text else values


def parse_times(table: Table, column: str) -> pl.Expr:
    """Parse a column to numbers or dates that sort, null where it has none.

    Text is read as numbers if its first value is one, else as ISO 8601 (UTC where no zone is
    given).

    Raises:
        MiqrecError: If its type is no time.
    """
    values = pl.col(column)
    dtype = table.frame.collect_schema()[column]
    if dtype == pl.String:
        return _parse_time_text(table, _without_words(values) if table.is_text else values)
    if dtype.is_float():
        return pl.when(values.is_finite()).then(values)
    if dtype.is_integer() or isinstance(dtype, pl.Date | pl.Datetime | pl.Null):
        return values
    raise MiqrecError(
        f"{table.name}: column {table.columns[column]!r} has type {dtype}; times are numbers, "
        "dates or ISO text"
    )


def parse(table: Table, parsed: dict[str, pl.Expr], optional: dict[str, pl.Expr]) -> pl.DataFrame:
    """Parse a table, and check that it has rows, and a value in each of them.

    Args:
        table: The table.
        parsed: The columns that may have no gaps, by their roles.
        optional: Those that may.

    Raises:
        MiqrecError: With the first row and column that could not be parsed, and what stands there.
    """
    rows = collect(table, table.frame.select(ROW, **parsed, **optional))
    if rows.is_empty():
        raise MiqrecError(f"{table.name} has no rows; give data that has some")
    for column, expression in parsed.items():
        if rows[column].has_nulls():
            raise MiqrecError(_complaint(table, column, expression))
    return rows.drop(ROW)


def scan(table: Table, parsed: dict[str, pl.Expr], optional: dict[str, pl.Expr]) -> pl.LazyFrame:
    """Parse and check a table as `parse` does, without ever holding all of it.

    Raises:
        MiqrecError: As `parse`.
    """
    gaps = {column: expression.null_count() for column, expression in parsed.items()}
    counts = collect(table, table.frame.select(n_rows=pl.len(), **gaps)).row(0, named=True)
    if not counts["n_rows"]:
        raise MiqrecError(f"{table.name} has no rows; give data that has some")
    for column, expression in parsed.items():
        if counts[column]:
            raise MiqrecError(_complaint(table, column, expression))
    return table.frame.select(**parsed, **optional)


def collect(table: Table, query: pl.LazyFrame) -> pl.DataFrame:
    """Carry a query out on a table."""
    with reading(table.name):
        return query.collect(engine="streaming")


def _without_words(values: pl.Expr) -> pl.Expr:
    return pl.when(~values.is_in(MISSING_WORDS)).then(values)


def _parse_time_text(table: Table, values: pl.Expr) -> pl.Expr:
    number = values.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    number = _integers(table, values, otherwise=number)
    if collect(table, table.frame.select(number.is_not_null().first())).item():
        return number
    with_t = values.str.replace(" ", "T", literal=True)
    local = [with_t.str.to_datetime(form, time_unit="us", strict=False) for form in _ISO]
    zoned = with_t.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    return pl.coalesce(*(time.dt.replace_time_zone("UTC") for time in local), zoned)


def _integers(table: Table, values: pl.Expr, otherwise: pl.Expr) -> pl.Expr:
    """Parse text to integers if all of it is whole numbers, plain ones or floats; else take the other."""
    plain = values.cast(pl.Int64, strict=False)
    if _all(table, (plain.cast(pl.String) == values).fill_null(values.is_null())):
        return plain  # by far the quickest
    if _all(table, whole_text(values).is_not_null() | values.is_null()):
        return whole_text(values)
    return otherwise


def _all(table: Table, condition: pl.Expr) -> bool:
    return bool(collect(table, table.frame.select(condition.all())).item())


def _complaint(table: Table, column: str, parsed: pl.Expr) -> str:
    """Say where a column could not be parsed first, and what stands there."""
    bad = table.frame.filter(parsed.is_null()).select(ROW, column).head(1)
    row, value = collect(table, bad).row(0)
    start = f"{table.name}: column {table.columns[column]!r}"
    place = table.place(row)
    if value is None or value in MISSING_WORDS:
        state = "is empty" if value in (None, "") else f"has {value!r}"
        return f"{start} {state} in {place}, so the {column} is missing; {_remedy(table, column, value)}"
    if isinstance(value, float) and value.is_integer():
        return (
            f"{start} has {value!r} in {place}, which several integers are as a float; read the column "
            "as integers or strings"
        )
    valid = "numbers or ISO dates" if column == "time" else "strings or whole numbers"
    shown = repr(value) if len(repr(value)) < _SHOWN else f"{repr(value)[:_SHOWN]}..."
    return f"{start} has {shown} in {place}, which is no {column}; give {valid}"


def _remedy(table: Table, column: str, value: object) -> str:
    remedies = ["fill it in", f"have such rows dropped by {setting('missing', 'drop')}"]
    if value is not None and column != "time":
        remedies.append(f"keep what stands there as an id by {setting('missing', 'keep')}")
    if column == "user" and "session" in table.columns:
        remedies.append(f"take sessions as users by {setting('user', table.columns['session'])}")
    return " or ".join([", ".join(remedies[:-1]), remedies[-1]])
