"""Tables of many runs in one: a run's rows have its system and its seed beside them."""

from collections.abc import Iterable

import polars as pl

Key = tuple[str, int | None]
"""A system and a seed, or a pre-training and None."""

KEY_COLUMNS = {"system": pl.String, "seed": pl.Int64}


def stack(tables: Iterable[tuple[Key, pl.DataFrame]]) -> pl.DataFrame:
    """Put the tables of runs below each other; a column that a run lacks is null in its rows."""
    named = [
        table.select(
            *(
                pl.lit(value, kind).alias(name)
                for value, (name, kind) in zip(key, KEY_COLUMNS.items(), strict=True)
            ),
            pl.all(),
        )
        for key, table in tables
        if table.height
    ]
    return pl.concat([pl.DataFrame(schema=KEY_COLUMNS), *named], how="diagonal_relaxed")


def divide(table: pl.DataFrame) -> dict[Key, pl.DataFrame]:
    """Undo `stack`: give each run that has rows its table."""
    parts = table.partition_by(*KEY_COLUMNS, as_dict=True, include_key=False)
    return {(system, seed): without_null_columns(part) for (system, seed), part in parts.items()}


def without_null_columns(table: pl.DataFrame) -> pl.DataFrame:
    """Leave out the columns without any value."""
    return table[[column.name for column in table if column.null_count() < len(column)]]


def sort_by_question(ranks: pl.DataFrame) -> pl.DataFrame:
    """Order ranks by user, by the user's question where there are several, then by run.

    The ranks of one question by many runs are alike, so that their file gets half as large.
    """
    order = ("user", "question", *KEY_COLUMNS)
    return ranks.sort([name for name in order if name in ranks.columns])


def equal(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two tables have the same values; numbers may be integers in one and floats in the other."""
    if set(one.columns) != set(other.columns):
        return False
    return other.select(one.columns).cast(one.schema).equals(one)
