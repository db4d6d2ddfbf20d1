"""Properties of items, such as price and stock: typed columns of their table, for lists to be filtered by."""

from collections.abc import Iterable

import polars as pl

from miqrec.data.reading.parsing import MISSING_WORDS

LONGEST = 100
"""Characters of a text that is a property; a longer one is a description."""

_TRUTHS = {"true": True, "false": False, "yes": True, "no": False}


def gather_properties(rows: pl.DataFrame, names: Iterable[str], *, is_text: bool) -> pl.DataFrame:
    """Put columns into one, `properties`, a struct with a field for each; without any there is none.

    Args:
        rows: A row an item.
        names: The columns. Those of a text file become numbers or truth values where all their values
            are; dates become text, in which order is that of time. Long texts and what is nested are
            left out.
        is_text: Whether they come from a text file.
    """
    names = list(names)
    typed = (_typed(rows[name], is_text=is_text) for name in names)
    kept = [values for values in typed if values is not None]
    rows = rows.drop(names)
    if not kept:
        return rows
    return rows.with_columns(pl.DataFrame(kept).to_struct("properties"))


def _typed(values: pl.Series, *, is_text: bool) -> pl.Series | None:
    """Give a column one of the types that can be filtered by; None where that makes no sense."""
    if isinstance(values.dtype, pl.List):
        return _flat(values)
    if values.dtype.is_decimal():
        return values.cast(pl.Float64)
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values
    if not isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum | pl.Date | pl.Datetime):
        return None
    text = values.cast(pl.String)
    if is_text:
        text = text.set(text.is_in(MISSING_WORDS), None)
    if text.null_count() == len(text) or (text.str.len_chars().max() or 0) > LONGEST:  # type: ignore[operator]
        return None
    return _read(text) if is_text else text


def _read(text: pl.Series) -> pl.Series:
    """Read whole numbers, numbers or truth values where every text is one."""
    for kind in (pl.Int64, pl.Float64):
        numbers = text.cast(kind, strict=False)
        if numbers.null_count() == text.null_count():
            return numbers
    truths = text.str.to_lowercase().replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    return truths if truths.null_count() == text.null_count() else text


def _flat(values: pl.Series) -> pl.Series | None:
    """Take the values out of lists that have one each at most; lists of anything but text are left out."""
    if values.dtype != pl.List(pl.String):
        return None
    return values.list.first() if (values.list.len().max() or 0) <= 1 else values  # type: ignore[operator]
