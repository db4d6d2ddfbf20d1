"""Lists written part by part, so that memory is bounded and a process that was killed can go on.

The parts are in a folder beside the place of the lists, `recs.parts/` for `recs/`, until all of them are
there. Then the folder takes its place, or the parts are joined in one file. What stood there before stays
until then.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import polars as pl

from miqrec.data.histories import Integers
from miqrec.errors import MiqrecError
from miqrec.evaluation.top_lists import list_batches, n_batches
from miqrec.lists.asked import Asked
from miqrec.lists.making import histories_of, with_names
from miqrec.lists.manifest import KEY, Manifest, differences, manifest_of, read_manifest
from miqrec.runs.requests import warn_of_empty_lists
from miqrec.system.files import (
    check_replaceable,
    make_folder,
    put_in_place,
    remove,
    replacing,
    sweep,
    writing,
)
from miqrec.system.locks import lock_path, locked
from miqrec.system.progress import track
from miqrec.system.tables import SINKS
from miqrec.system.temporary import PREFIX

_PART = re.compile(r"part-\d{5,}\.parquet")
_LOCKED = "parts"


class Written(NamedTuple):
    """What was written.

    Attributes:
        users: How many were asked for.
        rows: Of all lists.
        resumed: How many parts had been made before.
    """

    users: int
    rows: int
    resumed: int


def write_lists(asked: Asked, out: Path) -> Written:
    """Write the lists to a folder of Parquet files, or to one file, whole or not at all.

    A process that was stopped is taken up where it was by the same request: each user's list is written once.

    Args:
        asked: The lists that are asked for.
        out: A .parquet, .csv or .jsonl file, or else a folder.

    Raises:
        MiqrecError: Something else stands at `out`, parts of another request are there, another process
            writes them, or as `recommend_lists`.
        UnwritableError: The disk is full, and the like; the parts that were made stay.
    """
    check_out(out)
    work = out.absolute().with_name(f"{out.absolute().name}.parts")
    _refuse_other_files(work)
    with _at_work_in(work):
        manifest = manifest_of(asked)
        resumed = _resumed(work, manifest)
        wanted = sorted(set(range(manifest.n_parts)) - resumed)
        total = sum(n_batches(len(_rows(asked, manifest, part))) for part in wanted)
        for _ in track(_write_parts(asked, manifest, work, wanted), "recommending", total):
            pass
        n_rows, n_listed = _count(work, manifest)
        _finish(work, out, manifest)
    warn_of_empty_lists(manifest.n_users - n_listed, manifest.n_users)
    return Written(manifest.n_users, n_rows, len(resumed))


@contextmanager
def _at_work_in(work: Path) -> Iterator[None]:
    """Keep other processes out of the folder of the parts, which goes if no part was made."""
    with writing(work):
        make_folder(work)
    try:
        with locked(lock := work / _LOCKED):
            sweep(work)
            yield
    finally:
        if work.is_dir() and {path.name for path in work.iterdir()} <= {lock_path(lock).name}:
            remove(work)


def check_out(out: Path) -> None:
    """See that lists can be written to a path; call it before long work.

    Raises:
        MiqrecError: Its ending is unknown, the folder above is missing, or something else stands there.
    """
    if is_folder(out):
        check_replaceable(out, holds_parts_alone)
    elif out.suffix not in SINKS:
        raise MiqrecError(
            f"{out} has no known ending; name a {', '.join(SINKS)} file, or a folder by a name without ending"
        )
    if not out.absolute().parent.is_dir():
        raise MiqrecError(f"the folder {out.parent} does not exist; make it first")


def is_folder(out: Path) -> bool:
    """Whether a path means a folder of parts: one that is there, or a name without an ending."""
    return out.is_dir() or not out.suffix


def holds_parts_alone(folder: Path) -> bool:
    """Whether a folder has parts of lists, and nothing else in it."""
    paths = list(folder.iterdir())
    return bool(paths) and all(_PART.fullmatch(path.name) and read_manifest(path) for path in paths)


def part_name(part: int) -> str:
    """Name the file of a part."""
    return f"part-{part:05}.parquet"


def _resumed(work: Path, manifest: Manifest) -> set[int]:
    """Find the parts that were made before for the same request."""
    paths = sorted(path for path in work.iterdir() if _PART.fullmatch(path.name))
    found = {path: read_manifest(path) for path in paths}
    made = {path: there for path, there in found.items() if there is not None}
    others = [there for there in made.values() if there != manifest]
    if others and len(made) == others[0].n_parts:  # all of them are there, only their place was not
        for path in made:
            remove(path)
        return set()
    if others:
        what = " and ".join(differences(others[0], manifest))
        raise MiqrecError(
            f"{work} holds lists that were begun with other values of {what}; finish them by the "
            "command that began them, or remove that folder to begin again"
        )
    return {int(path.stem.removeprefix("part-")) for path in made}


def _refuse_other_files(work: Path) -> None:
    """See that a folder has nothing in it but parts, whole ones and those that were being written."""
    if not work.exists():
        return
    ours = (PREFIX, lock_path(work / _LOCKED).name)
    names = [path.name for path in work.iterdir()] if work.is_dir() else ["something else"]
    others = [name for name in names if not (_PART.fullmatch(name) or name.startswith(ours))]
    if others:
        raise MiqrecError(
            f"{work} is where the parts of these lists are to be written, and it holds {others[0]}; "
            "give the lists another name"
        )


def _write_parts(asked: Asked, manifest: Manifest, work: Path, wanted: list[int]) -> Iterator[None]:
    """Write a part after the other; yields after each batch."""
    metadata = {KEY: manifest.model_dump_json()}
    for part in wanted:
        rows = _rows(asked, manifest, part)
        batches = []
        for batch in list_batches(asked.request, histories_of(asked, rows), asked.device):
            batches.append(batch)
            yield
        lists = with_names(asked, rows, pl.concat(batches).sort("row", "rank"))
        with replacing(work / part_name(part)) as partial:
            lists.write_parquet(partial, metadata=metadata)


def _rows(asked: Asked, manifest: Manifest, part: int) -> Integers:
    return asked.rows[part * manifest.users_per_part : (part + 1) * manifest.users_per_part]


def _scan(work: Path, manifest: Manifest) -> pl.LazyFrame:
    """Open all parts, in the order of the users, without reading them."""
    parts = [work / part_name(part) for part in range(manifest.n_parts)]
    return pl.scan_parquet(parts, glob=False)


def _count(work: Path, manifest: Manifest) -> tuple[int, int]:
    """Count the rows, and the users who have a list."""
    counts = _scan(work, manifest).select(rows=pl.len(), listed=(pl.col("rank") == 1).sum())
    return counts.collect().row(0)


def _finish(work: Path, out: Path, manifest: Manifest) -> None:
    """Give the lists their place."""
    remove(lock_path(work / _LOCKED))  # the lock is held all the same
    if is_folder(out):
        put_in_place(work, out, holds_parts_alone)
        return
    with replacing(out) as partial:
        SINKS[out.suffix](_scan(work, manifest), partial)
    remove(work)
