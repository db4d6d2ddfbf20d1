"""A prepared data set: sequences, the items and users they speak of, and its place on disk."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.catalogue import Catalogue
from miqrec.data.kinds import Kinds
from miqrec.data.sequences import Sequences
from miqrec.errors import MiqrecError
from miqrec.system.checksums import verify, write_described
from miqrec.system.files import replacing
from miqrec.system.tables import read_frame

FORMAT = 4
"""The version of the folder that `Dataset.save` writes.

Format 1 had no times, kinds or sessions, format 2 no checksums, format 3 no kinds in its fingerprint.
"""

_HEADER = "dataset.json"
_REMEDY = "prepare the data again"
_COLUMNS = ("times", "kinds", "sessions")
_FILES = {
    *(_HEADER, "items.npy", "offsets.npy", "users.parquet", "items.parquet"),
    *(f"{column}.npy" for column in _COLUMNS),
}
"""What a saved data set consists of."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Sequences of internal ids with the external ids behind them.

    Attributes:
        sequences: Everybody's items.
        catalogue: The items by internal id.
        users: External user ids; row u is user u of `sequences`.
        name: What reports call the data set.
        kinds: The names of the kinds of event; `sequences.kinds` holds their places in it.
    """

    sequences: Sequences
    catalogue: Catalogue
    users: pl.Series
    name: str
    kinds: tuple[str, ...] = ()

    @property
    def event_kinds(self) -> Kinds | None:
        """The kind of each interaction; None where the source has no kinds."""
        codes = self.sequences.kinds
        return None if codes is None else Kinds(codes, self.kinds)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the items, the offsets, the external item ids and, if there are any, the kinds."""
        digest = hashlib.sha256()
        digest.update(np.ascontiguousarray(self.sequences.offsets, dtype="<i8").data)
        digest.update(np.ascontiguousarray(self.sequences.items, dtype="<i4").data)
        digest.update(json.dumps(self.catalogue.frame["item"].to_list()).encode())
        if self.kinds:
            digest.update(json.dumps(self.kinds).encode())
            digest.update(np.ascontiguousarray(self.sequences.kinds, dtype="<i2").data)
        return digest.hexdigest()

    def save(self, folder: Path | str) -> None:
        """Write the data set to `folder`, whole or not at all; `open_dataset` reads it.

        Raises:
            MiqrecError: If `folder` holds something else than a saved data set; nothing is overwritten.
        """
        with replacing(Path(folder), _holds_a_dataset_alone) as new:
            write_dataset(self, new)


def write_dataset(dataset: Dataset, folder: Path) -> None:
    """Write a data set to a new folder, with the checksums of its files."""
    folder.mkdir()
    _write_array(folder / "items.npy", dataset.sequences.items)
    _write_array(folder / "offsets.npy", dataset.sequences.offsets)
    for name, column in dataset.sequences.columns().items():
        _write_array(folder / f"{name}.npy", column)
    dataset.users.to_frame("user").write_parquet(folder / "users.parquet")
    dataset.catalogue.frame.write_parquet(folder / "items.parquet")
    header = {
        "format": FORMAT,
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "kinds": dataset.kinds,
    }
    write_described(folder / _HEADER, header)


def _write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write an array as `np.save` does, which doesn't notice when a disk is too full for its last bytes."""
    with path.open("wb") as file:
        by_python: Any = SimpleNamespace(write=file.write)
        np.lib.format.write_array(by_python, np.asanyarray(array), allow_pickle=False)


def is_saved_dataset(folder: Path) -> bool:
    """Return whether `Dataset.save` wrote this folder, which may have lost its header since."""
    return any((folder / name).exists() for name in (_HEADER, "offsets.npy"))


def read_saved_dataset(folder: Path) -> Dataset:
    """Open a saved data set; its arrays stay on disk, memory-mapped.

    Raises:
        MiqrecError: If `folder` holds no data set, one of a newer format, or one that was damaged.
    """
    if not is_saved_dataset(folder):
        raise MiqrecError(f"{folder} is not a prepared data set: it has no {_HEADER}")
    try:
        dataset, header = _read(folder)
    except MiqrecError:
        raise
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        reason = str(error).partition("\n")[0]
        raise MiqrecError(f"{folder} is damaged ({reason}); {_REMEDY}") from error
    known = dataset if header["format"] >= 4 else replace(dataset, kinds=())
    if known.fingerprint != header["fingerprint"]:
        raise MiqrecError(f"{folder} is damaged: its items were altered; {_REMEDY}")
    return dataset


def _read(folder: Path) -> tuple[Dataset, dict[str, Any]]:
    """Read a data set and its header, which has the fingerprint that it had when it was saved."""
    header = _read_header(folder / _HEADER)
    if header["format"] > FORMAT:
        raise MiqrecError(
            f"{folder} was written by a newer miqrec (format {header['format']}, this one "
            f"reads up to {FORMAT}); upgrade miqrec or prepare the data again"
        )
    verify(folder / _HEADER, _REMEDY, since=3)
    catalogue = Catalogue(read_frame(folder / "items.parquet"))
    columns = {name: _array(folder, name) for name in _COLUMNS if _path(folder, name).exists()}
    sequences = Sequences(
        _array(folder, "items"), _array(folder, "offsets"), catalogue.n_items, **columns
    )
    users = read_frame(folder / "users.parquet")["user"]
    kinds = tuple(header.get("kinds", ()))
    return Dataset(sequences, catalogue, users, header["name"], kinds), header


def _read_header(path: Path) -> dict[str, Any]:
    try:
        header = dict(json.loads(path.read_bytes()))
        return header | {"format": int(header["format"])}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise MiqrecError(f"{path} is damaged ({error}); {_REMEDY}") from error


def _array(folder: Path, name: str) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(_path(folder, name), mmap_mode="r")
    return array


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def _holds_a_dataset_alone(folder: Path) -> bool:
    """Return whether a folder is a saved data set and has nothing else in it."""
    return is_saved_dataset(folder) and {path.name for path in folder.iterdir()} <= _FILES
