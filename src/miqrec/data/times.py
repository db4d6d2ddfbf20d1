"""Times of any source as numbers: microseconds since 1970 where they can be dates."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.errors import MiqrecError

FIRST_SECOND = 631_152_000
"""The start of 1990 in Unix seconds; no log of this era begins before it."""
LAST_SECOND = 4_102_444_800
"""The start of 2100 in Unix seconds."""

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
"""The units of Unix times, by how many of each make a second."""

Times = npt.NDArray[np.int64] | npt.NDArray[np.float64]


def unix_unit(times: pl.Series) -> str | None:
    """Return the unit in which all of `times` are Unix times of this era; None if there is none.

    The eras of two units don't overlap: seconds of the year 2100 are milliseconds of 1970.
    """
    first, last = _bound(times.min()), _bound(times.max())
    for unit, per_second in UNITS.items():
        if FIRST_SECOND * per_second <= first <= last < LAST_SECOND * per_second:
            return unit
    return None


def microseconds(times: pl.Series) -> Times:
    """Convert times to numbers that sort alike.

    Args:
        times: (n,) dates, datetimes or numbers, none of them null.

    Returns:
        (n,) int64 microseconds since 1970 (UTC) of dates, and of numbers that are Unix times of this
        era in seconds, milliseconds, microseconds or nanoseconds; other numbers stay as they are,
        int64 or float64.

    Raises:
        MiqrecError: If all are Unix times of this era, but in several units.
    """
    if times.dtype == pl.Date or isinstance(times.dtype, pl.Datetime):
        return np.asarray(times.dt.epoch("us"))
    _check_one_unit(times)
    numbers: Times = times.cast(pl.Float64 if times.dtype.is_float() else pl.Int64).to_numpy()
    per_second = UNITS.get(unix_unit(times) or "", 0)
    if per_second == 0:
        return numbers
    if per_second == UNITS["ns"]:
        return np.floor_divide(numbers, 1_000).astype(np.int64)
    return np.rint(numbers * (1_000_000 // per_second)).astype(np.int64)


def _check_one_unit(times: pl.Series) -> None:
    """Refuse seconds among milliseconds: as mere numbers they would be sorted wrongly without a word."""
    numbers = times.cast(pl.Float64)  # narrow types don't hold what they are compared with
    found = {
        unit: int(numbers.is_between(FIRST_SECOND * n, LAST_SECOND * n, closed="left").sum())
        for unit, n in UNITS.items()
    }
    mixed = {unit: n for unit, n in found.items() if n}
    if len(mixed) > 1 and sum(mixed.values()) == len(times):
        counted = ", ".join(f"{n:,} in {unit}" for unit, n in mixed.items())
        raise MiqrecError(
            f"the times are Unix times in several units ({counted}), which can't be put in order as they "
            "are; bring all of them in one unit"
        )


def _bound(value: Any) -> float:
    return float("nan") if value is None else value
