"""From a source to a data set, kept in a cache for the next time."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from miqrec.data.dataset import FORMAT, Dataset
from miqrec.data.encoding import build_dataset
from miqrec.data.filters import Filters, prepare
from miqrec.data.reading.columns import Columns
from miqrec.data.reading.interactions import read_interactions
from miqrec.data.reading.items import read_items


def load_dataset(
    source: Any,
    *,
    columns: Columns | None = None,
    filters: Filters | None = None,
    items: Any = None,
    name: str | None = None,
    cache: Path | None = None,
) -> Dataset:
    """Reads, filters and encodes a data set.

    Args:
        source: a path or a data frame, as for `read_interactions`.
        columns: which column is which; by default found by their usual names.
        filters: which interactions count; by default all.
        items: a path or a data frame with titles and attributes, as for `read_items`.
        name: what reports call it; by default the file's name without its ending.
        cache: a folder that keeps what was prepared from files; it is opened from there,
            memory-mapped, as long as neither the files nor the options change. Warnings come
            when it is prepared, not when it is opened again.

    Raises:
        MiqrecError: as `read_interactions`, `prepare` and `read_items` do.
    """
    columns, filters = columns or Columns(), filters or Filters()
    files = [Path(file) for file in (source, items) if isinstance(file, str | Path)]
    name = name or (_stem(files[0]) if isinstance(source, str | Path) else "data")
    if cache is None or len(files) < 1 + (items is not None):
        return _prepare(source, columns, filters, items, name)
    folder = cache / f"{_stem(files[0])}-{_key(files, columns, filters)}"
    if not folder.exists():
        _prepare(source, columns, filters, items, name).save(folder)
    return replace(Dataset.open(folder), name=name)


def _prepare(source: Any, columns: Columns, filters: Filters, items: Any, name: str) -> Dataset:
    interactions = prepare(read_interactions(source, columns), filters)
    described: pl.DataFrame | None = None
    if items is not None:
        described = read_items(items, columns.item)
    return build_dataset(interactions, described, name)


def _stem(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).stem


def _key(files: list[Path], columns: Columns, filters: Filters) -> str:
    """Returns a hash of all that a prepared data set depends on."""
    parts: list[object] = [FORMAT, columns.model_dump(), filters.model_dump()]
    for path in files:
        parts.append(str(path.absolute()))
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.exists():
                parts += [file.name, file.stat().st_size, file.stat().st_mtime_ns]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
