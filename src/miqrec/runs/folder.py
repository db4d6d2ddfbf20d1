"""A run's folder: the files that an experiment leaves, how they are claimed, and how they are read again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import torch

from miqrec.config import C, Config
from miqrec.errors import MiqrecError
from miqrec.runs.config import RunConfig
from miqrec.system.checksums import read_checked, with_checksums
from miqrec.system.environment import Environment, environment
from miqrec.system.files import remove, sweep, write_json
from miqrec.system.tables import read_frame

REMEDY = "restore it from a copy, or begin again in a new folder"
"""What to do about a damaged file of a run."""

DESCRIBED = ("config.json", "environment.json", "history.csv", "ranks.parquet")
"""The files of a run whose checksums stand with its scores."""

PROGRESS = ("history.csv", "checkpoints", "artifact")
"""What a run has once something was learned."""

BEGUN = ("config.json", "environment.json", "final", "tensorboard")
"""What a run has before that."""


class Validation(Config):
    """What `valid.json` holds, for a search that looks at nothing else."""

    valid: dict[str, float]


class Metrics(Validation):
    """What `metrics.json` holds; it is written last, so a run that has it is finished."""

    test: dict[str, float]
    n_users: int  # ranked on the test split
    epochs: int | None  # chosen by validation; None for models that only count
    parameters: int
    fit_seconds: float  # of all epochs, whenever they ran; of the count for models that only count
    test_seconds: float
    peak_mib: float | None = None  # this and the rest: None for runs of before it was recorded
    questions: int | None = None  # asked of the test split: several a user where it is cut in time
    seen_targets: int | None = None  # questions whose target is in the history already, so a miss
    unknown_targets: int | None = None  # questions whose target is outside the catalogue, so a miss
    without_history: int | None = None  # questions that popularity answers, as nothing came before


def note_environment(folder: Path, device: torch.device | None = None) -> None:
    """Write what this start runs on; a run that went on elsewhere remembers where it was begun."""
    path, now = folder / "environment.json", environment(device)
    if path.exists():
        before = read_environment(folder)
        others = {before.device, *before.earlier_devices} - {now.device}
        now = now.model_copy(update={"earlier_devices": tuple(sorted(others))})
    write_json(path, with_checksums(now.model_dump(mode="json"), path.name))


def describe_history(folder: Path) -> None:
    """Note in `environment.json` the checksum of a pre-training's history, for it has no scores."""
    path = folder / "environment.json"
    content = read_environment(folder).model_dump(mode="json")
    write_json(path, with_checksums(content, path.name, folder / "history.csv"))


def read_environment(folder: Path) -> Environment:
    """Read what a run was made on."""
    return read_checked(folder / "environment.json", Environment, "a run's", REMEDY)


def write_scores(path: Path, scores: Validation) -> None:
    """Write a run's scores, with the checksums of the files that they were made with."""
    described = (path.with_name(name) for name in DESCRIBED)
    write_json(path, with_checksums(scores.model_dump(), path.name, *described))


@contextmanager
def claimed(folder: Path, config: Config, *, final: bool = False) -> Iterator[None]:
    """Claim `folder` for a run, and give it back where bad input ends the run before its first epoch.

    Otherwise the folder would refuse the same command with the input mended, since that is another run.
    Arguments and errors are those of `claim`.
    """
    is_new, was_there = not (folder / "config.json").exists(), folder.exists()
    claim(folder, config, final=final)
    try:
        yield
    except MiqrecError:
        if is_new and not any((folder / name).exists() for name in PROGRESS):
            _give_back(folder, keep=was_there)
        raise


def _give_back(folder: Path, *, keep: bool) -> None:
    for name in BEGUN:
        remove(folder / name)
    if not keep and not any(folder.iterdir()):
        folder.rmdir()


def claim(folder: Path, config: Config, *, final: bool = False) -> None:
    """Make `folder` this run's, or see that it already is.

    Args:
        folder: it need not exist yet.
        config: what the run is.
        final: note, by an empty folder `final`, that a fit on everything is to follow. The note comes
            before the config, so that no run whose process is killed goes on without it.

    Raises:
        MiqrecError: the folder holds another run or other files.
    """
    is_new = not (folder / "config.json").exists()
    if not is_new:
        check_same(_read_config(folder, type(config)), config, folder)
    elif not _is_nobodys(folder):
        raise MiqrecError(
            f"{folder} holds other files and no config.json; choose a new folder for --out"
        )
    if final:
        (folder / "final").mkdir(parents=True, exist_ok=True)
    if is_new:
        content = with_checksums(config.model_dump(mode="json"), "config.json")
        write_json(folder / "config.json", content)


def _is_nobodys(folder: Path) -> bool:
    """Whether there is no such folder, or nothing in it but what a killed process left at once."""
    if not folder.exists():
        return True
    sweep(folder)
    return folder.is_dir() and all(
        path.name == "final" and path.is_dir() and not any(path.iterdir())
        for path in folder.iterdir()
    )


def read_run_config(folder: Path) -> RunConfig:
    """Read the config of a run, finished or not."""
    return _read_config(folder, RunConfig)


def _read_config(folder: Path, kind: type[C]) -> C:
    path = folder / "config.json"
    if not path.is_file():
        raise MiqrecError(
            f"{folder} is not a run: it has no config.json; give what --out was given"
        )
    return read_checked(path, kind, "such a run's", REMEDY)


def read_metrics(folder: Path) -> Metrics:
    """Read the results of a finished run."""
    path = folder / "metrics.json"
    if not path.is_file():
        raise MiqrecError(
            f"{folder} is not a finished run: it has no metrics.json; "
            f"`miqrec train --out {folder} --resume` goes on with one that was stopped"
        )
    return read_checked(path, Metrics, "a run's", REMEDY)


def read_history(folder: Path) -> pl.DataFrame | None:
    """Read a row an epoch: loss, validation metrics, seconds; None for a model that only counts."""
    path = folder / "history.csv"
    return read_frame(path) if path.is_file() else None


def epoch_seconds(folder: Path) -> float | None:
    """Add up the seconds of the epochs in `history.csv`, those before a stop too; None without one."""
    path = folder / "history.csv"
    return float(read_frame(path, "seconds")["seconds"].sum()) if path.is_file() else None


def check_same(there: Config, wanted: Config, folder: Path) -> None:
    """See that the run in `folder` is the one that is wanted.

    Args:
        there: the config of the run that is there.
        wanted: the config of the run that is wanted.
        folder: for the sentence of the error.

    Raises:
        MiqrecError: they differ in more than the places of the data and of the first weights.
    """
    old, new = _flat(there.model_dump(mode="json")), _flat(wanted.model_dump(mode="json"))
    free = ("data.", "init_from.folder")  # their fingerprints decide
    names = [name for name in old | new if not name.startswith(free)]
    changed = [name for name in names if old.get(name) != new.get(name)]
    if changed:
        raise MiqrecError(
            f"{folder} holds a run with other settings ({', '.join(changed)}); choose a new folder "
            "for --out, or go on with that run by --resume and no other options"
        )


def _flat(nested: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = json.dumps(value)
    return flat
