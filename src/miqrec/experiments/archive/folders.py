"""Runs in folders of their own, as `miqrec reproduce` and `miqrec train` leave them."""

import json
from pathlib import Path
from typing import NamedTuple

import polars as pl

from miqrec.experiments.archive.records import RunRecord, check_columns, ordered_ranks
from miqrec.runs.folder import read_environment, read_metrics, read_run_config
from miqrec.system.tables import read_frame


class RunFolder(NamedTuple):
    """A run's folder, finished or not."""

    system: str
    seed: int
    folder: Path

    @property
    def is_finished(self) -> bool:
        """Whether the run has come to its end."""
        return (self.folder / "metrics.json").is_file()


def find_run_folders(path: Path) -> list[RunFolder]:
    """Find `<path>/<system>/seed-<n>/`, `<path>/<system>/`, `<path>/<system>-<n>/` and `<path>` itself.

    Returns:
        the folders that hold a run, by system and seed.
    """
    configs = [
        config for deep in ("", "*/", "*/seed-*/") for config in path.glob(f"{deep}config.json")
    ]
    return sorted(as_run_folder(config.parent) for config in configs if _is_run(config))


def as_run_folder(folder: Path) -> RunFolder:
    """Tell a run's system by the name of its folder, and its seed by its config.

    Raises:
        MiqrecError: the folder has no config of a run.
    """
    seed = read_run_config(folder).training.seed
    path = folder.absolute()
    if path.name == f"seed-{seed}":
        return RunFolder(path.parent.name, seed, folder)
    return RunFolder(path.name.removesuffix(f"-{seed}"), seed, folder)


def read_run_folder(run: RunFolder) -> RunRecord:
    """Read all that a finished run has left.

    Raises:
        MiqrecError: a file is missing or damaged; the sentence names it.
    """
    path = run.folder / "ranks.parquet"
    return RunRecord(
        *run,
        config=read_run_config(run.folder),
        metrics=read_metrics(run.folder),
        environment=read_environment(run.folder),
        history=read_history(run.folder, "NDCG@10"),
        ranks=ordered_ranks(read_frame(path), path),
    )


def read_history(folder: Path, *columns: str) -> pl.DataFrame:
    """Read the epochs of a run or a pre-training; a model that only counts has none.

    Args:
        folder: of the run.
        columns: those that must be there besides the epoch.

    Raises:
        MiqrecError: the file is damaged or lacks a column.
    """
    path = folder / "history.csv"
    if not path.is_file():
        return pl.DataFrame()
    history = read_frame(path)
    check_columns(history, path, "epoch", *columns)
    return history


def _is_run(config: Path) -> bool:
    """Tell runs from saved models and pre-trainings; a config that can't be read may be a run's."""
    try:
        keys = json.loads(config.read_bytes()).keys()
    except (OSError, ValueError, AttributeError):
        return True
    return not {"format", "pretraining"} & keys
