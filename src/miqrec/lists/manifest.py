"""What stands in every part of a set of lists: which request it belongs to, and which part it is."""

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from miqrec.config import Config
from miqrec.evaluation.inference import InferenceConfig
from miqrec.lists.asked import Asked

KEY = "miqrec.lists"
"""The key of a Parquet file's metadata under which the manifest stands, as JSON."""

ROWS = 2**18
"""About how many rows a part has: some seconds of work, and some tens of megabytes in memory."""

_WORDS = {
    "miqrec": "miqrec's version",
    "model": "the model",
    "data": "the data",
    "users": "the users",
    "users_per_part": "k",
}
"""What fields are called that hold what nobody typed."""

_CHUNK = 2**16


class Manifest(Config):
    """What was asked for. Parts of two requests are never mixed."""

    format: int = 1
    miqrec: str = version("miqrec")
    model: str
    """The fingerprint of the model and its items."""
    data: str
    """The fingerprint of the interactions."""
    users: str
    """The SHA-256 of the users' ids, in the order of the lists."""
    n_users: int
    users_per_part: int
    k: int
    inference: InferenceConfig
    with_uncertainty: bool
    index: bool = False

    @property
    def n_parts(self) -> int:
        """How many parts there are once all is done."""
        return -(-self.n_users // self.users_per_part)


def manifest_of(asked: Asked) -> Manifest:
    """Say what is asked for; it takes a pass over the model and the data."""
    request = asked.request
    return Manifest(
        model=asked.artifact.fingerprint,
        data=asked.dataset.fingerprint,
        users=_hash_ids(asked.dataset.users.gather(asked.rows)),
        n_users=len(asked.rows),
        users_per_part=max(ROWS // request.k, 1),
        k=request.k,
        inference=request.inference,
        with_uncertainty=request.with_probability,
        index=request.item_index is not None,
    )


def read_manifest(part: Path) -> Manifest | None:
    """Read the manifest of a part; None if the file is no part, or was damaged."""
    try:
        return Manifest(**json.loads(pl.read_parquet_metadata(part)[KEY]))
    except (pl.exceptions.PolarsError, OSError, KeyError, ValueError, ValidationError):
        return None


def differences(there: Manifest, now: Manifest) -> list[str]:
    """Name what differs between two requests, in words that a user knows."""
    before, after = there.model_dump(mode="json"), now.model_dump(mode="json")
    before |= before.pop("inference")
    after |= after.pop("inference")
    names = [name for name in after if before.get(name) != after[name]]
    return list(dict.fromkeys(_WORDS.get(name, name) for name in names if name != "n_users"))


def _hash_ids(ids: pl.Series) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(ids):
        digest.update(json.dumps(chunk.to_list()).encode())
    return digest.hexdigest()


def _chunks(ids: pl.Series) -> Iterable[pl.Series]:
    return (ids.slice(first, _CHUNK) for first in range(0, len(ids), _CHUNK))
