"""What the cache of prepared data holds: the entries with their sizes and last uses, and their removal."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from miqrec.config import Config, read_config
from miqrec.errors import MiqrecError
from miqrec.system.checksums import verify
from miqrec.system.files import remove
from miqrec.system.locks import FolderBusyError, lock_path, locked
from miqrec.system.messages import Message

ENTRY = "entry.json"
"""The file of an entry that says where it comes from; the time it was changed is that of the last use."""

ENVIRONMENT = "MIQREC_CACHE_SIZE"
"""The variable that holds the most gigabytes (10^9 bytes) that all entries may take together."""

DEFAULT_SIZE = 10.0
GIGABYTE = 10**9


class About(Config):
    """Where an entry comes from, and what was told when it was prepared."""

    format: int = 1
    source: str
    messages: tuple[Message, ...]
    checksums: dict[str, str] = Field(default_factory=dict)


class Entry(NamedTuple):
    """A prepared data set in the cache.

    Attributes:
        source: The file or folder that it was read from; None where the entry is damaged or an older
            version's, which is never used again.
        size: In bytes.
        used: When it was last used, in seconds since 1970.
    """

    folder: Path
    source: str | None
    size: int
    used: float


def read_about(folder: Path) -> About:
    """Read where an entry comes from.

    Raises:
        MiqrecError: If its file is missing, damaged or an older version's.
    """
    about = read_config(folder / ENTRY, About, "an entry's of this cache")
    verify(folder / ENTRY, "prepare the data again", since=1)
    return about


def mark_as_used(folder: Path) -> None:
    """Note that an entry is used now, as far as the cache can be written."""
    with suppress(OSError):
        os.utime(folder / ENTRY)


def list_entries(cache: Path) -> list[Entry]:
    """List the entries of a cache, the one that was not used for the longest time first."""
    folders = [path for path in cache.glob("[!.]*") if path.is_dir()]
    entries = [_entry(folder) for folder in folders]
    return sorted(entries, key=lambda entry: (entry.used, entry.folder))


def unused_for(entries: Iterable[Entry], days: float) -> list[Entry]:
    """Return the entries that were not used for so many days."""
    return [entry for entry in entries if time.time() - entry.used >= days * 24 * 60 * 60]


def remove_entries(entries: Iterable[Entry]) -> list[Entry]:
    """Remove entries, and return those that were; one that a process is opening or preparing stays."""
    removed = []
    for entry in entries:
        with suppress(FolderBusyError):
            with locked(entry.folder, patience=0.0):
                remove(entry.folder)
            with suppress(OSError):
                lock_path(entry.folder).unlink()
            removed.append(entry)
    return removed


def make_room(cache: Path, most: float, newest: Path) -> None:
    """Remove the entries that were not used for the longest time, until all take at most `most` bytes.

    The newest stays, however large it is. Entries of others that can't be removed are left.
    """
    entries = list_entries(cache)
    excess = sum(entry.size for entry in entries) - most
    for entry in entries:
        if excess > 0 and entry.folder != newest:
            with suppress(OSError, MiqrecError):
                excess -= sum(gone.size for gone in remove_entries([entry]))


def limit() -> float:
    """Return how many bytes the entries may take together.

    Raises:
        MiqrecError: If the variable that says so holds no number.
    """
    text = os.environ.get(ENVIRONMENT, str(DEFAULT_SIZE))
    with suppress(ValueError):
        if (size := float(text)) >= 0:
            return size * GIGABYTE
    raise MiqrecError(f"{ENVIRONMENT} is {text!r}; give a number of gigabytes, such as 10")


def _entry(folder: Path) -> Entry:
    sizes = [path.lstat().st_size for path in folder.rglob("*")]
    try:
        source = read_about(folder).source
        used = (folder / ENTRY).stat().st_mtime
    except MiqrecError:
        source, used = None, folder.stat().st_mtime
    return Entry(folder, source, sum(sizes), used)
