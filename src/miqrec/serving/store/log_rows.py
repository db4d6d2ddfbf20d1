"""A log's rows as a store holds them: text, and microseconds since 1970."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from miqrec.data.reading.columns import Columns
from miqrec.data.reading.interactions import scan_interactions
from miqrec.data.times import UNITS, unix_unit
from miqrec.errors import MiqrecError
from miqrec.serving.store.event import LONGEST, to_microseconds

_FIRST = to_microseconds(datetime.min.replace(tzinfo=UTC))
_LAST = to_microseconds(datetime.max.replace(tzinfo=UTC))
_TEXTS = ("user", "item", "kind")


def scan_rows(log: Path, columns: Columns, aside: Path) -> pl.LazyFrame:
    """Scan a log lazily, all of which is checked.

    Args:
        log: A file, or a folder of Parquet files.
        columns: Which column is which.
        aside: A Parquet file to write the wanted columns of a text file to.

    Returns:
        Columns user, item, time (null where the log has no times) and kind (null where it has none).

    Raises:
        MiqrecError: As `scan_interactions`; or a text is too long or empty, or times are no moments.
    """
    rows = scan_interactions(log, columns, aside)
    schema = rows.collect_schema()
    time, kind = pl.lit(None, pl.Int64), pl.lit(None, pl.String)
    if "time" in schema:
        time = _in_microseconds(rows, schema["time"], str(log))
    if "kind" in schema:
        kind = pl.when(pl.col("kind") != "").then(pl.col("kind"))
    ids = (pl.col(name).cast(pl.String) for name in ("user", "item"))
    rows = rows.select(*ids, time=time, kind=kind)
    _check_texts(rows, str(log))
    return rows


def _in_microseconds(rows: pl.LazyFrame, dtype: pl.DataType, log: str) -> pl.Expr:
    """Return the expression that makes microseconds since 1970 of the times.

    Raises:
        MiqrecError: If they are no dates, Unix times of one unit, or whole numbers.
    """
    times = pl.col("time")
    if dtype.is_numeric():
        ends = rows.select(first=times.min(), last=times.max()).collect(engine="streaming")
        unit = unix_unit(pl.Series([ends["first"][0], ends["last"][0]]))
        if unit is None:
            _check_whole(log, dtype, ends["first"][0], ends["last"][0])
            return times.cast(pl.Int64)
        return _scaled(times, dtype, UNITS[unit])
    micro = times.dt.epoch("us")
    first, last = (
        rows.select(first=micro.min(), last=micro.max()).collect(engine="streaming").row(0)
    )
    if not _FIRST <= first <= last <= _LAST:
        raise MiqrecError(f"{log} has times outside the years 1 to 9999; correct them")
    return micro


def _scaled(times: pl.Expr, dtype: pl.DataType, per_second: int) -> pl.Expr:
    """Bring Unix times to microseconds."""
    if per_second > UNITS["us"]:
        return (times // (per_second // UNITS["us"])).cast(pl.Int64)
    factor = UNITS["us"] // per_second
    if dtype.is_float():
        return (times * factor).round().cast(pl.Int64)
    return times.cast(pl.Int64) * factor


def _check_whole(log: str, dtype: pl.DataType, first: float, last: float) -> None:
    """Check that plain numbers, which only say what came first, can stand for microseconds after 1970."""
    if dtype.is_float() or not _FIRST <= first <= last <= _LAST:
        raise MiqrecError(
            f"{log}: the times from {first} to {last} are neither dates nor Unix times in one unit, so a "
            "store can't put them in order with those of new events; bring them to one of these"
        )


def _check_texts(rows: pl.LazyFrame, log: str) -> None:
    """Check that a store can hold all ids and kinds, as it asks of events."""
    lengths = [pl.col(name).str.len_chars() for name in _TEXTS]
    is_bad = [
        (length < 1) | (length > LONGEST) | pl.col(name).str.contains("\0", literal=True)
        for name, length in zip(_TEXTS, lengths, strict=True)
    ]
    counts = rows.select(*(bad.sum() for bad in is_bad)).collect(engine="streaming").row(0)
    for name, count in zip(_TEXTS, counts, strict=True):
        if count:
            raise MiqrecError(
                f"{log}: in {count:,} of its rows the {name} is empty, longer than {LONGEST} characters or "
                "holds the character 0; correct them"
            )
