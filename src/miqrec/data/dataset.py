"""A prepared data set: sequences, the items and users they speak of, and its place on disk."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from miqrec.data.catalogue import Catalogue
from miqrec.data.sequences import Sequences
from miqrec.errors import MiqrecError
from miqrec.system.files import replacing

FORMAT = 1

FILES = {"dataset.json", "items.npy", "offsets.npy", "items.parquet", "users.parquet"}
"""What a saved data set consists of."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Sequences of internal ids with the external ids behind them.

    Attributes:
        sequences: everybody's items.
        catalogue: the items by internal id.
        users: external user ids; row u is user u of `sequences`.
        name: what reports call the data set.
    """

    sequences: Sequences
    catalogue: Catalogue
    users: pl.Series
    name: str

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the items, the offsets and the external item ids."""
        digest = hashlib.sha256()
        digest.update(np.ascontiguousarray(self.sequences.offsets, dtype="<i8").data)
        digest.update(np.ascontiguousarray(self.sequences.items, dtype="<i4").data)
        digest.update(json.dumps(self.catalogue.frame["item"].to_list()).encode())
        return digest.hexdigest()

    def save(self, folder: Path | str) -> None:
        """Write the data set to `folder`, whole or not at all, in the place of one that was there.

        Raises:
            MiqrecError: If `folder` holds something else than a saved data set; nothing is overwritten.
        """
        with replacing(Path(folder), _is_saved) as new:
            new.mkdir()
            np.save(new / "items.npy", self.sequences.items)
            np.save(new / "offsets.npy", self.sequences.offsets)
            self.users.to_frame("user").write_parquet(new / "users.parquet")
            self.catalogue.frame.write_parquet(new / "items.parquet")
            about = {"format": FORMAT, "name": self.name, "fingerprint": self.fingerprint}
            (new / "dataset.json").write_text(json.dumps(about, indent=2) + "\n")

    @classmethod
    def open(cls, folder: Path | str) -> "Dataset":
        """Opens a saved data set; its arrays stay on disk, memory-mapped, until they are read.

        Raises:
            MiqrecError: `folder` holds no data set, or one of a newer format.
        """
        folder = Path(folder)
        if not (folder / "dataset.json").is_file():
            raise MiqrecError(f"{folder} is not a prepared data set: it has no dataset.json")
        about = json.loads((folder / "dataset.json").read_text())
        if about["format"] > FORMAT:
            raise MiqrecError(
                f"{folder} was written by a newer miqrec (format {about['format']}, this one "
                f"reads up to {FORMAT}); upgrade miqrec or prepare the data again"
            )
        catalogue = Catalogue(pl.read_parquet(folder / "items.parquet"))
        sequences = Sequences(
            items=np.load(folder / "items.npy", mmap_mode="r"),
            offsets=np.load(folder / "offsets.npy", mmap_mode="r"),
            n_items=catalogue.n_items,
        )
        users = pl.read_parquet(folder / "users.parquet")["user"]
        return cls(sequences, catalogue, users, about["name"])


def _is_saved(folder: Path) -> bool:
    """Whether a folder is a saved data set and has nothing else in it."""
    return {path.name for path in folder.iterdir()} == FILES
