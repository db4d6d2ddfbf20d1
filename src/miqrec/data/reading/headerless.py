"""Delimited files without a header: what their columns are, if their values make it plain."""

import polars as pl

from miqrec.data.times import unix_unit

ROLES = ("user", "item", "rating", "time")
"""What the four columns of Amazon's and MovieLens' ratings are."""

HIGHEST_RATING = 100

_DAY = r"^\d{4}-\d\d-\d\d"


def are_ratings(rows: pl.DataFrame) -> bool:
    """Return whether four columns of text may be user, item, rating and time.

    A rating is a small number, a time a Unix time of this era or an ISO date, and neither a user nor an
    item is a date.
    """
    user, item, rating, time = rows.get_columns()
    ratings = rating.cast(pl.Float64, strict=False)
    return (
        not are_dates(user)
        and not are_dates(item)
        and bool((ratings.abs() <= HIGHEST_RATING).fill_null(value=False).all())
        and (are_dates(time) or are_unix_times(time))
    )


def are_dates(values: pl.Series) -> bool:
    """Return whether text begins with an ISO date, in every row."""
    return bool(values.str.contains(_DAY).all())


def are_unix_times(values: pl.Series) -> bool:
    """Return whether text is Unix times of this era, in every row."""
    numbers = values.cast(pl.Float64, strict=False)
    return not numbers.has_nulls() and unix_unit(numbers) is not None
