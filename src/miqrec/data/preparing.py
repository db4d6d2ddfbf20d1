"""Interactions filtered, and put in user and time order."""

import polars as pl

from miqrec.data.filters import Filters
from miqrec.errors import MiqrecError


def prepare(interactions: pl.DataFrame, filters: Filters | None = None) -> pl.DataFrame:
    """Filter interactions and sort them by user and time.

    Users come in the order in which they first appear among the rows that are kept; of rows with
    equal times, and where there is no time, the order stays.

    Args:
        interactions: Columns user and item and possibly time, kind and session, as
            `read_interactions` returns them.
        filters: Which of them count; by default all.

    Returns:
        The same columns, each user's rows together and in time order.

    Raises:
        MiqrecError: If nothing is left.
    """
    filters = filters or Filters()
    rows = interactions.with_row_index("row")
    if filters.drop_duplicates:
        earliest_first = rows.sort("time", maintain_order=True) if "time" in rows.columns else rows
        rows = earliest_first.unique(["user", "item"], keep="first", maintain_order=True)
    rows = _filter_counts(rows, filters)
    if rows.is_empty():
        raise MiqrecError(
            f"no interactions are left of users with at least {filters.min_user} and items with "
            f"at least {filters.min_item}; ask for fewer"
        )
    order = [pl.col("row").min().over("user"), *(["time"] if "time" in rows.columns else []), "row"]
    return rows.sort(order).drop("row")


def _filter_counts(rows: pl.DataFrame, filters: Filters) -> pl.DataFrame:
    if not (filters.min_user or filters.min_item):
        return rows
    active = pl.len().over("user") >= filters.min_user
    popular = pl.len().over("item") >= filters.min_item
    kept = rows.filter(active & popular)
    while filters.fixed_point and kept.height < rows.height:
        rows, kept = kept, kept.filter(active & popular)
    return kept
