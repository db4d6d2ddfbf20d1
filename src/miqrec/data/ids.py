"""External ids, strings or integers, matched by value; a whole float is the integer."""

import numpy as np
import numpy.typing as npt
import polars as pl

_WHOLE_TEXT = r"^(0|-?[1-9]\d*)(\.0+)?$"
"""Whole numbers as they are written, also by programs that made floats of them."""

_MANY = 10
"""With so many known ids for each one that is looked up, those that are not wanted are put aside first."""


def whole_floats(values: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Convert floats to integers; null where one is not whole, or too large to be exact.

    Above 2^53 (in single precision 2^24) several integers are the same float.
    """
    largest = 2**24 if dtype == pl.Float32 else 2**53
    is_exact = (values == values.floor()) & (values.abs() <= largest)
    return pl.when(is_exact).then(values).cast(pl.Int64, strict=False)


def whole_text(values: pl.Expr) -> pl.Expr:
    """Convert text such as "7" and "7.0" to integers; null where it is another, or too large for one."""
    digits = pl.when(values.str.contains(_WHOLE_TEXT)).then(values.str.replace(r"\.0+$", ""))
    return digits.cast(pl.Int64, strict=False)


def as_dtype(ids: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return the same ids in another type ("7" as 7, 7 as "7"), null where there is no such id."""
    if ids.dtype == dtype:
        return ids
    if ids.dtype == pl.Boolean:
        return pl.Series(ids.name, [None] * len(ids), dtype=dtype)
    values = pl.col("id")
    if ids.dtype.is_float():
        values = whole_floats(values, ids.dtype)
    elif isinstance(ids.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    elif ids.dtype == pl.String and dtype.is_integer():
        values = whole_text(values)
    converted = ids.to_frame("id").select(values.cast(dtype, strict=False).alias("id"))
    return converted["id"].alias(ids.name)


def positions(ids: pl.Series, known: pl.Series) -> npt.NDArray[np.int64]:
    """Return the row of each id among `known` (unique values), -1 where it is not there."""
    table = pl.DataFrame({"id": known}).with_row_index("row")
    wanted = pl.DataFrame({"id": as_dtype(ids, known.dtype)})
    if len(ids) * _MANY < len(
        known
    ):  # to join a few ids with all of a catalogue takes 20 times as long
        table = table.filter(pl.col("id").is_in(wanted["id"].implode()))
    rows = wanted.join(table, on="id", how="left", maintain_order="left")["row"]
    return rows.cast(pl.Int64).fill_null(-1).to_numpy()
