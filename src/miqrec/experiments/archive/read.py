"""The one way to the runs of a study or of a folder, wherever they are kept."""

import itertools
from pathlib import Path
from typing import NamedTuple

import polars as pl

from miqrec.errors import MiqrecError
from miqrec.experiments.archive.folders import (
    RunFolder,
    as_run_folder,
    find_run_folders,
    read_history,
    read_run_folder,
)
from miqrec.experiments.archive.pack import (
    RANKS,
    RUNS,
    read_entries,
    read_pack,
    read_packed_records,
)
from miqrec.experiments.archive.records import RunRecord

STUDY = "study.json"


class StoredRuns(NamedTuple):
    """The runs below a path, by system and seed, and the pre-trainings of the study."""

    finished: list[RunRecord]
    unfinished: list[RunFolder]
    pretrainings: dict[str, pl.DataFrame]  # by name, a row an epoch

    def systems(self) -> list[str]:
        """List the systems that have a run, be it unfinished."""
        return sorted({system for system, _ in self._keys()})

    def seeds(self) -> list[int]:
        """List the seeds that any system has."""
        return sorted({seed for _, seed in self._keys()})

    def _keys(self) -> list[tuple[str, int]]:
        return [*map(_key, self.finished), *map(_key, self.unfinished)]


def find_studies(path: Path) -> list[Path]:
    """Find the study that `path` is, or else the studies in it; a folder of other runs has none."""
    if (path / STUDY).is_file():
        return [path]
    return sorted(study.parent for study in path.glob(f"*/{STUDY}"))


def is_begun(study: Path) -> bool:
    """Whether a run of the study is finished."""
    return any(study.glob("*/seed-*/metrics.json")) or bool(read_entries(study))


def read_runs(path: Path) -> StoredRuns:
    """Read all runs below a path, from their folders and from the pack of their study.

    Args:
        path: a study, a system of it or one of its runs, packed or not, or any folder of runs.

    Raises:
        MiqrecError: there is no run, two have the same system and seed, or a file is missing or
            damaged; the sentence names it.
    """
    folders, packed = find_run_folders(path), _packed_runs(path)
    if not folders and not packed and (path / RANKS).exists():
        raise MiqrecError(
            f"{path / RUNS} is missing or is no file, and the pack can't be read; restore it"
        )
    if not folders and not packed:
        raise MiqrecError(
            f"there are no runs in {path}; give a folder that `miqrec reproduce` or "
            "`miqrec train --out` wrote its runs into"
        )
    _refuse_twice([*folders, *packed])
    finished = [read_run_folder(run) for run in folders if run.is_finished]
    return StoredRuns(
        finished=sorted([*finished, *packed], key=_key),
        unfinished=[run for run in folders if not run.is_finished],
        pretrainings=_pretrainings(path),
    )


def read_run(folder: Path) -> RunRecord:
    """Read a single finished run by its folder, also where the run has been packed.

    Raises:
        MiqrecError: there is no such run, it isn't finished, or a file is missing or damaged.
    """
    for run in _packed_runs(folder):
        if run.folder.absolute() == folder.absolute():
            return run
    return read_run_folder(as_run_folder(folder))


def _packed_runs(path: Path) -> list[RunRecord]:
    """Read the packed runs that would be at or below `path` if they were folders."""
    place = path.absolute()
    for study in (path, *place.parents[:2]):
        if (study / STUDY).is_file() and (study / RUNS).is_file():
            runs = read_packed_records(study)
            return [run for run in runs if run.folder.absolute().is_relative_to(place)]
    return []


def _pretrainings(study: Path) -> dict[str, pl.DataFrame]:
    """Read the epochs of pre-trainings; a packed one goes before one made again, as its runs do."""
    folders = {path.parent.name: path.parent for path in study.glob("pretraining/*/history.csv")}
    packed = {
        system: run.history for (system, seed), run in read_pack(study).items() if seed is None
    }
    return {name: read_history(folder, "seconds") for name, folder in folders.items()} | packed


def _refuse_twice(runs: list[RunFolder | RunRecord]) -> None:
    for one, other in itertools.pairwise(sorted(runs, key=_key)):
        if _key(one) != _key(other):
            continue
        if one.folder == other.folder:
            raise MiqrecError(
                f"{one.folder} is in the pack of its study too; run `miqrec pack` again, or take the "
                "folder away"
            )
        raise MiqrecError(
            f"{one.folder} and {other.folder} are runs of the same system with the same seed; "
            "take one of them away"
        )


def _key(run: RunFolder | RunRecord) -> tuple[str, int]:
    return run.system, run.seed
