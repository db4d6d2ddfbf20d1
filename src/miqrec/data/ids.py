"""External ids, strings or integers, matched by value."""

import numpy as np
import numpy.typing as npt
import polars as pl


def as_dtype(ids: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Returns the same ids in another type ("7" as 7, 7 as "7"), null where there is no such id."""
    if ids.dtype == dtype:
        return ids
    if ids.dtype.is_float():
        whole = ids.cast(pl.Int64, strict=False)
        ids = whole.set((whole != ids).fill_null(True), None)
    elif isinstance(ids.dtype, pl.Categorical | pl.Enum):
        ids = ids.cast(pl.String)
    return ids.cast(dtype, strict=False)


def positions(ids: pl.Series, known: pl.Series) -> npt.NDArray[np.int64]:
    """Returns the row of each id among `known` (unique values), -1 where it is not there."""
    table = pl.DataFrame({"id": known}).with_row_index("row")
    wanted = pl.DataFrame({"id": as_dtype(ids, known.dtype)})
    rows = wanted.join(table, on="id", how="left", maintain_order="left")["row"]
    return rows.cast(pl.Int64).fill_null(-1).to_numpy()
