"""Packing a study's runs: which go into the pack, and why the others stay in their folders."""

import json
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from miqrec.errors import MiqrecError
from miqrec.experiments.archive.folders import as_run_folder, read_history, read_run_folder
from miqrec.experiments.archive.pack import Entry, RunFiles, read_pack, run_folder, write_pack
from miqrec.experiments.archive.read import STUDY
from miqrec.experiments.archive.tables import Key, sort_by_question, without_null_columns
from miqrec.runs.config import PretrainingRunConfig
from miqrec.runs.folder import REMEDY
from miqrec.system.checksums import KEY, read_checked
from miqrec.system.files import remove
from miqrec.system.locks import lock_path, locked
from miqrec.system.tables import read_frame
from miqrec.system.temporary import left_behind, temporary_name

KEPT = {"config.json", "metrics.json", "environment.json", "history.csv", "ranks.parquet"}
"""The files of a run that a pack keeps."""

MODELS = {"artifact", "final", "checkpoints", "tensorboard"}
"""The folders of a run that a pack does not keep: its models, and what belongs to their training."""


class Packing(NamedTuple):
    """What became of a study's folders."""

    packed: list[Path]
    left: dict[Path, str]  # the folders that stay, and why


def pack_study(study: Path, *, delete_models: bool = False) -> Packing:
    """Move a study's finished runs and pre-trainings from their folders into its pack.

    A folder is removed once the pack on the disk holds what the folder holds. What is unfinished,
    damaged, being worked on or more than a pack keeps stays a folder. Whoever is stopped at any moment
    and starts again loses nothing.

    Args:
        study: the study's folder.
        delete_models: pack the runs that hold models too, and delete the models.

    Raises:
        MiqrecError: `study` is not a study's folder, or its pack can't be read or written.
    """
    if not (study / STUDY).is_file():
        raise MiqrecError(
            f"{study} is not a study: it has no {STUDY}; give a folder of `miqrec reproduce`"
        )
    with locked(study), ExitStack() as locks:
        pack, left = read_pack(study), dict[Path, str]()
        chosen: dict[Key, RunFiles] = {}
        for key in _keys(study):
            folder = run_folder(study, key)
            try:
                locks.enter_context(locked(folder, patience=0.0))
                chosen[key] = _packable(folder, key, pack, delete_models=delete_models)
            except MiqrecError as error:
                left[folder] = str(error)
        if chosen.keys() - pack.keys():
            write_pack(study, (pack | chosen).values())
        packed = [run_folder(study, key) for key in chosen]
        for folder in packed:
            _remove(folder)
        _tidy(study)
    return Packing(packed, left)


def _keys(study: Path) -> list[Key]:
    """Name the runs and the pre-trainings that have a folder in the study."""
    runs = [path.parent for path in study.glob("*/seed-*/config.json")]
    pretrainings = [path.parent for path in study.glob("pretraining/*/config.json")]
    named = [(run.parent.name, run.name.removeprefix("seed-")) for run in runs]
    return [
        *sorted((system, int(seed)) for system, seed in named if seed.isdecimal()),
        *sorted((folder.name, None) for folder in pretrainings),
    ]


def _packable(
    folder: Path, key: Key, pack: dict[Key, RunFiles], *, delete_models: bool
) -> RunFiles:
    """Read what is to be packed.

    Raises:
        MiqrecError: the folder has to stay; the sentence says why.
    """
    if not _is_finished(folder, key):
        raise MiqrecError("it is not finished")
    more = {path.name for path in folder.iterdir()} - KEPT
    if others := more - MODELS:
        raise MiqrecError(f"it holds {_listed(others)}, which a pack does not keep")
    if more and not delete_models:
        raise MiqrecError(
            f"it holds {_listed(more)}, which a pack does not keep; --delete-models deletes that"
        )
    files = _read_files(folder, key)
    if key in pack and not pack[key].equal(files):
        raise MiqrecError("the pack holds another run of this system with this seed")
    return files


def _is_finished(folder: Path, key: Key) -> bool:
    """Whether a run has its metrics; a pre-training has its model, or all epochs where it is deleted."""
    if key[1] is not None:
        return (folder / "metrics.json").is_file()
    path = folder / "config.json"
    config = read_checked(path, PretrainingRunConfig, "a run's", REMEDY)
    return (folder / "artifact").is_dir() or read_history(
        folder
    ).height == config.pretraining.epochs


def _read_files(folder: Path, key: Key) -> RunFiles:
    """Read a folder's files as they are, once it is certain that they can be understood."""
    system, seed = key
    ranks = pl.DataFrame()
    if seed is not None:
        run = as_run_folder(folder)
        if run[:2] != key:
            raise MiqrecError("its config has another seed than its name")
        read_run_folder(run)
        ranks = sort_by_question(without_null_columns(read_frame(folder / "ranks.parquet")))
    entry = Entry(
        system=system,
        seed=seed,
        config=_read_json(folder / "config.json"),
        metrics=None if seed is None else _read_json(folder / "metrics.json"),
        environment=_read_json(folder / "environment.json"),
    )
    return RunFiles(entry, without_null_columns(read_history(folder)), ranks)


def _read_json(path: Path) -> dict[str, Any]:
    """Read a file of a run without its checksums, which are those of a folder."""
    content: dict[str, Any] = json.loads(path.read_bytes())
    return {name: value for name, value in content.items() if name != KEY}


def _remove(folder: Path) -> None:
    """Remove a folder that is locked here in one step, and its lock with it."""
    aside = temporary_name(folder)
    folder.replace(aside)
    with suppress(OSError):  # Windows keeps a lock that is held, and removes it when it is released
        lock_path(folder).unlink()
    remove(aside)


def _tidy(study: Path) -> None:
    """Remove the folders of systems without runs, and what a process that was killed has left."""
    for system in study.glob("*/"):
        for leftover in left_behind(system):
            remove(leftover)
        with suppress(OSError):  # the logs of runs stay
            system.rmdir()


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))
