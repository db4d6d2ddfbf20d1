"""Prepared data sets kept on disk, so that a file is read once, until it changes."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from miqrec.config import Config
from miqrec.data.dataset import FORMAT, Dataset, read_saved_dataset


def kept_in_cache(
    cache: Path, files: Sequence[Path], options: Config, prepare: Callable[[], Dataset]
) -> Dataset:
    """Open a prepared data set from the cache, memory-mapped; prepare and keep it if it isn't there.

    It is used again as long as neither the files (by their places, sizes and times of change) nor
    the options differ. Warnings come when it is prepared, not when it is opened again.

    Args:
        cache: The folder of all prepared data sets.
        files: What it is read from, the interactions first.
        options: How it is read.
        prepare: Reads it.
    """
    folder = cache / f"{stem(files[0])}-{_key(files, options)}"
    if not folder.exists():
        prepare().save(folder)
    return read_saved_dataset(folder)


def stem(path: Path) -> str:
    """Return a file's name without its endings: "ratings" of ratings.csv.gz."""
    return Path(path.name.removesuffix(".gz")).stem


def _key(files: Sequence[Path], options: Config) -> str:
    """Return a hash of all that a prepared data set depends on."""
    parts: list[object] = [FORMAT, options.model_dump()]
    for path in files:
        parts.append(str(path.absolute()))
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.exists():
                parts += [file.name, file.stat().st_size, file.stat().st_mtime_ns]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
