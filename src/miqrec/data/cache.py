"""Prepared data sets kept on disk, so that a file is read once, until it changes."""

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from miqrec.config import Config
from miqrec.data.dataset import FORMAT, Dataset, read_saved_dataset
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.files import remove


def kept_in_cache(
    cache: Path, files: Sequence[Path], options: Config, prepare: Callable[[], Dataset]
) -> Dataset:
    """Open a prepared data set from the cache, memory-mapped; prepare and keep it if it isn't there.

    It is used again as long as neither the files (by their places, sizes and times of change) nor
    the options differ, and as long as it isn't damaged. Warnings come when it is prepared, not when it is
    opened again. Where the cache can't be written the data set stays in memory, with a warning.

    Args:
        cache: The folder of all prepared data sets.
        files: What it is read from, the interactions first.
        options: How it is read.
        prepare: Reads it.
    """
    folder = cache / f"{stem(files[0])}-{_key(files, options)}"
    if folder.exists():
        try:
            return read_saved_dataset(folder)
        except MiqrecError:
            remove(folder)  # it is damaged, and its source is there
    dataset = prepare()
    try:
        dataset.save(folder)
    except OSError as error:
        message = f"the prepared data can't be kept in {cache} ({error.strerror}) and are in memory"
        warnings.warn(message, MiqrecWarning, stacklevel=4)
        return dataset
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
