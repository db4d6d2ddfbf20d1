"""The files of a named data set: found on disk, or fetched."""

import os
import shutil
import textwrap
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import pooch

from miqrec.data.named.definitions import DATASETS, File, Source, definition
from miqrec.data.reading.text import MOST_BYTES, MOST_TIMES, is_gzipped, open_bytes
from miqrec.errors import MiqrecError
from miqrec.system.files import replacing

ENVIRONMENT = "MIQREC_DATA"

_CHUNK = 1 << 20

_FAILURES = (
    *(OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile),
    *(RuntimeError, NotImplementedError),  # encrypted, or packed in a way that Python doesn't know
)
"""What pooch (requests' errors are OSErrors) and a damaged or unusual archive raise."""


class SourceFiles(NamedTuple):
    """A source whose files are on disk.

    Attributes:
        source: The way to make the data set.
        interactions: The log.
        items: What describes the items; None where nothing does.
    """

    source: Source
    interactions: Path
    items: Path | None


def find(name: str, data_dir: Path | None = None) -> SourceFiles:
    """Find a data set's files, or fetch them into the cache.

    The search goes through `data_dir`, the folder that the variable MIQREC_DATA names, and the cache,
    in this order. In each of them a file may lie in a folder of the data set's name or, if no other
    data set has a file of that name, directly. Nothing half-written stays behind.

    Raises:
        MiqrecError: If there is no data set of that name, a folder does not exist, or the files are
            nowhere and can't be fetched.
    """
    return locate(name, data_dir) or _fetch(name, data_dir)


def locate(name: str, data_dir: Path | None = None) -> SourceFiles | None:
    """Find a data set's files as `find` does, but fetch nothing."""
    for folder in (*_given(data_dir), cache_folder()):
        for source in definition(name).sources:
            if interactions := _inside(folder, name, source.interactions):
                items = _inside(folder, name, source.items) if source.items else None
                return SourceFiles(source, interactions, items)
    return None


def cache_folder() -> Path:
    """Return the folder of fetched files, which has a folder for each data set."""
    return Path(pooch.os_cache("miqrec")) / "data"


def _given(data_dir: Path | None) -> list[Path]:
    """Return the folders that the caller and the environment name."""
    named = (data_dir, os.environ.get(ENVIRONMENT))
    folders = list(dict.fromkeys(Path(folder).expanduser() for folder in named if folder))
    for folder in folders:
        if not folder.is_dir():
            raise MiqrecError(f"the data folder {folder} does not exist; check its path")
    return folders


def _inside(folder: Path, name: str, file: File) -> Path | None:
    places = [folder / name / file.name]
    if _is_unique(file):
        places.append(folder / file.name)
    return next((path for path in places if path.is_file()), None)


def _is_unique(file: File) -> bool:
    """Return whether only one data set has a file of this name, also on a disk that ignores case."""
    sources = [source for entry in DATASETS.values() for source in entry.sources]
    names = [source.interactions.name.lower() for source in sources]
    return names.count(file.name.lower()) < 2


def _fetch(name: str, data_dir: Path | None) -> SourceFiles:
    """Fetch the first source that can be had."""
    sources = definition(name).sources
    folder = cache_folder() / name
    reasons = []
    for source in sources:
        if source.interactions.url:
            try:
                # The items first: a log in the cache without them would be found the next time.
                items = _download(source.items, folder) if source.items else None
                return SourceFiles(source, _download(source.interactions, folder), items)
            except (*_FAILURES, MiqrecError) as error:
                reasons.append(f"{source.interactions.name}: {textwrap.shorten(str(error), 100)}")
    there = next(iter(_given(data_dir)), Path("DIR"))
    files = " or ".join(source.interactions.name for source in sources)
    raise MiqrecError(
        f"the data set {name} is not here and cannot be fetched: put {files} into {there / name}/ "
        f"and set {ENVIRONMENT}={there} or pass --data-dir {there} (tried {'; '.join(reasons)})"
    )


def _download(file: File, folder: Path) -> Path:
    if file.member is None:
        checksum = f"sha256:{file.sha256}" if file.sha256 else None
        path = Path(pooch.retrieve(file.url, checksum, file.name, folder, progressbar=True))
        _check_whole(path)
        return path
    archive_name = str(file.url).rpartition("/")[2]
    archive = pooch.retrieve(file.url, None, archive_name, folder, progressbar=True)
    return _extract(Path(archive), file, folder / file.name)


def _extract(archive: Path, file: File, target: Path) -> Path:
    """Take a file out of an archive, and remove an archive that does not hold it."""
    try:
        with zipfile.ZipFile(archive) as opened, replacing(target) as partial:
            _check_size(opened.getinfo(str(file.member)))
            with opened.open(str(file.member)) as packed, partial.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
            _verify(partial, file)
    except _FAILURES:
        archive.unlink()
        raise
    return target


def _check_whole(path: Path) -> None:
    """Read a gzipped file to its end, and remove one that is damaged, or it would be found the next time."""
    if not is_gzipped(path):
        return
    try:
        with open_bytes(path) as file:
            while file.read(_CHUNK):
                pass
    except (*_FAILURES, MiqrecError):
        path.unlink()
        raise


def _check_size(member: zipfile.ZipInfo) -> None:
    if member.file_size > max(MOST_BYTES, MOST_TIMES * member.compress_size):
        raise ValueError(
            f"{member.filename} unpacks to {member.file_size / 2**30:.1f} GiB, as no log does"
        )


def _verify(path: Path, file: File) -> None:
    if file.sha256 and pooch.file_hash(str(path)) != file.sha256:
        raise ValueError(f"{file.member} does not match its checksum")
