"""Lists that were written to a file or a folder, opened without reading them."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from miqrec.errors import MiqrecError

_SCANS: dict[str, Callable[..., pl.LazyFrame]] = {
    ".parquet": pl.scan_parquet,
    ".csv": pl.scan_csv,
    ".jsonl": pl.scan_ndjson,
}


def scan_lists(path: Path) -> pl.LazyFrame:
    """Open lists: `user` and `item` as text, `rank`, and `source` where there is one.

    Args:
        path: A .parquet, .csv or .jsonl file, or a folder of Parquet files.

    Raises:
        MiqrecError: There are no lists, they can't be read, or they lack a column.
    """
    lists = _scan(path)
    try:
        columns = lists.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MiqrecError(f"{path} can't be read: {reason}") from error
    if missing := [name for name in ("user", "item", "rank") if name not in columns]:
        raise MiqrecError(
            f"{path} has no column {missing[0]}: lists have user, item and rank, as `miqrec recommend "
            "--out` writes them"
        )
    kept = [name for name in ("source",) if name in columns]
    ids = pl.col("user", "item").cast(pl.String)
    return lists.select(ids, pl.col("rank").cast(pl.Int64), *kept)


def _scan(path: Path) -> pl.LazyFrame:
    if path.is_dir():
        files = sorted(path.glob("*.parquet"))
        if not files:
            raise MiqrecError(f"{path} has no .parquet files; give a folder of lists, or a file")
        return pl.scan_parquet(files, glob=False)
    if path.suffix not in _SCANS:
        raise MiqrecError(
            f"{path} has no known ending; give a {', '.join(_SCANS)} file or a folder"
        )
    if not path.is_file():
        raise MiqrecError(f"{path} does not exist; check the path")
    return (
        _SCANS[path.suffix](path, glob=False) if path.suffix != ".jsonl" else pl.scan_ndjson(path)
    )
