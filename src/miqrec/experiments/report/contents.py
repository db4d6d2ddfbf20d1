"""What a folder of runs is about: its study, or what can be guessed where there is none."""

import itertools
import json
from pathlib import Path
from typing import NamedTuple

from miqrec.config import read_config
from miqrec.errors import MiqrecError
from miqrec.experiments.studies.study import Pair, Study, Tuning
from miqrec.runs.folder import read_run_config
from miqrec.runs.settings import Setting


class Found(NamedTuple):
    """A run's folder, finished or not, and whose it is."""

    system: str
    seed: int
    folder: Path


class Searched(NamedTuple):
    """What was tuned on validation, and what came of it."""

    tuning: Tuning
    found: dict[str, dict[str, Setting]]  # by system


class Outline(NamedTuple):
    """The systems in the order of tables, and what is to be said of them."""

    name: str
    title: str
    caption: str
    labels: dict[str, str]  # by system
    paper: dict[str, dict[str, float]]  # by system and metric; empty where the paper has none
    pairs: tuple[Pair, ...]
    pretraining: dict[str, Path]  # the folder of what a system started from
    searched: Searched | None


def find_runs(folder: Path) -> list[Found]:
    """All runs of `<folder>/<system>/seed-<n>/`, of `<folder>/<system>/` or `<system>-<n>/`, or itself.

    Raises:
        MiqrecError: there is none, or two have the same system and seed.
    """
    configs = [
        path for deep in ("", "*/", "*/seed-*/") for path in folder.glob(f"{deep}config.json")
    ]
    found = sorted(_found(path.parent) for path in configs if _is_run(path))
    if not found:
        raise MiqrecError(
            f"there are no runs in {folder}; give a folder that `miqrec reproduce` or "
            "`miqrec train --out` wrote its runs into"
        )
    for one, other in itertools.pairwise(found):
        if one[:2] == other[:2]:
            raise MiqrecError(
                f"{one.folder} and {other.folder} are runs of the same system with the same seed; "
                "take one of them away"
            )
    return found


def read_outline(folder: Path, found: list[Found], baseline: str | None = None) -> Outline:
    """The outline of `study.json`; without one, all systems are compared with the first.

    Args:
        folder: of a study or of runs.
        found: the runs in it.
        baseline: what to compare all the others with, in the place of the study's pairs.

    Raises:
        MiqrecError: `study.json` is not a study's, or no system is called like the baseline.
    """
    path = folder / "study.json"
    outline = _read(path) if path.is_file() else _guessed(folder, found)
    if baseline is None:
        return outline
    if baseline not in outline.labels:
        raise MiqrecError(
            f"there is no system {baseline!r} in {folder}; choose one of {', '.join(outline.labels)}"
        )
    return outline._replace(pairs=_all_against(baseline, outline.labels))


def _is_run(config: Path) -> bool:
    """Saved models and pre-trainings have a `config.json` too; what can't be read may be a run's."""
    try:
        keys = json.loads(config.read_bytes()).keys()
    except (ValueError, AttributeError):
        return True
    return not {"format", "pretraining"} & keys


def _found(run: Path) -> Found:
    seed = read_run_config(run).training.seed
    path = run.absolute()
    in_study = path.name == f"seed-{seed}"
    return Found(path.parent.name if in_study else path.name.removesuffix(f"-{seed}"), seed, run)


def _read(path: Path) -> Outline:
    study = read_config(path, Study, "a study's")
    return Outline(
        name=study.name,
        title=study.title,
        caption=" ".join(study.caption.split()),
        labels={name: system.label for name, system in study.systems.items()},
        paper=study.paper,
        pairs=study.pairs,
        pretraining={
            name: path.parent / "pretraining" / system.pretraining
            for name, system in study.systems.items()
            if system.pretraining
        },
        searched=_searched(study),
    )


def _searched(study: Study) -> Searched | None:
    if study.tuning is None:
        return None
    found = {
        system: {
            name: value
            for name, value in study.system_values(system).items()
            if name in study.space(system)
        }
        for system in study.systems
    }
    return Searched(study.tuning, found)


def _guessed(folder: Path, found: list[Found]) -> Outline:
    labels = {run.system: run.system for run in found}
    return Outline(
        name=folder.resolve().name,
        title=folder.resolve().name,
        caption="",
        labels=labels,
        paper={},
        pairs=_all_against(next(iter(labels)), labels),
        pretraining={},
        searched=None,
    )


def _all_against(baseline: str, systems: dict[str, str]) -> tuple[Pair, ...]:
    others = [system for system in systems if system != baseline]
    return tuple(Pair(system=system, baseline=baseline) for system in others)
