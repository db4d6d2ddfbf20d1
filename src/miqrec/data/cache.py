"""Prepared data sets kept on disk, so that a file is read once, until its content changes."""

import hashlib
import json
import logging
import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from miqrec.config import Config
from miqrec.data.cache_entries import ENTRY, About, limit, make_room, mark_as_used, read_about
from miqrec.data.dataset import FORMAT, Dataset, read_saved_dataset, write_dataset
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.system.checksums import hash_file, write_described
from miqrec.system.files import UnwritableError, remove, replacing
from miqrec.system.locks import FolderBusyError, locked
from miqrec.system.messages import Message, collected, tell
from miqrec.system.wording import is_for_commands

_DATA = "data"
_log = logging.getLogger("miqrec")


def kept_in_cache(
    cache: Path, files: Sequence[Path], options: Config, prepare: Callable[[], Dataset]
) -> Dataset:
    """Open a prepared data set from the cache, memory-mapped; prepare and keep it if it isn't there.

    It is used again as long as neither the content of the files nor the options differ, and as long as
    it isn't damaged; what was reported and warned of when it was prepared is told again. Of processes
    that want the same data one prepares them, and the others wait. Where the cache can't be written the
    data set stays in memory, with a warning.

    Args:
        cache: The folder of all prepared data sets.
        files: What it is read from, the interactions first.
        options: How it is read.
        prepare: Reads it.

    Raises:
        MiqrecError: If the cache's limit is no number, or as `prepare`.
    """
    folder = cache / f"{stem(files[0])}-{_key(files, options)}"
    room = limit()
    with _turn(folder):
        if dataset := _opened(folder):
            return dataset
        messages: list[Message] = []
        try:
            with collected(messages):
                dataset = prepare()
        finally:
            tell(messages)
        try:
            _keep(dataset, folder, About(source=str(files[0].absolute()), messages=messages))
        except UnwritableError as error:
            message = f"the prepared data can't be kept and are in memory: {error}"
            warnings.warn(message, MiqrecWarning, stacklevel=4)
            return dataset
        make_room(cache, room, folder)
        return read_saved_dataset(folder / _DATA)


def stem(path: Path) -> str:
    """Return a file's name without its endings: "ratings" of ratings.csv.gz."""
    return Path(path.name.removesuffix(".gz")).stem


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait for other processes that prepare the same; where there can be no lock, none can be kept."""
    with ExitStack() as stack:
        with suppress(UnwritableError):
            try:
                stack.enter_context(locked(folder))
            except FolderBusyError:
                _log.info("another process is preparing the same data; waiting for it")
                stack.enter_context(locked(folder, patience=math.inf))
        yield


def _opened(folder: Path) -> Dataset | None:
    """Open an entry, and tell what was told when it was prepared; a damaged one is removed."""
    if not os.path.exists(folder):  # which is false too where the cache may not be looked into
        return None
    try:
        about = read_about(folder)
        dataset = read_saved_dataset(folder / _DATA)
    except MiqrecError as error:
        _log.info("prepared again: %s", error)
        with suppress(OSError):
            remove(folder)
        return None
    tell(about.messages)
    mark_as_used(folder)
    return dataset


def _keep(dataset: Dataset, folder: Path, about: About) -> None:
    with replacing(folder, lambda there: True) as new:  # what is damaged makes room
        new.mkdir()
        write_dataset(dataset, new / _DATA)
        write_described(new / ENTRY, about.model_dump(mode="json", exclude={"checksums"}))


def _key(files: Sequence[Path], options: Config) -> str:
    """Return a hash of all that a prepared data set depends on, and for whom its messages are worded."""
    parts: list[object] = [FORMAT, version("miqrec"), is_for_commands(), options.model_dump()]
    for path in files:
        parts.append(str(path.absolute()))
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                parts += [str(file.relative_to(path)), hash_file(file)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
