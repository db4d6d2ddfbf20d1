"""What a report says about its systems: from the study, or guessed for other folders of runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from miqrec.errors import MiqrecError
from miqrec.experiments.archive.read import STUDY
from miqrec.experiments.studies.study import Pair, Study, Tuning
from miqrec.runs.settings import Setting
from miqrec.system.checksums import read_checked


class TunedSettings(NamedTuple):
    """What was searched on validation, and the settings that were chosen."""

    tuning: Tuning
    chosen: dict[str, dict[str, Setting]]  # by system


class Description(NamedTuple):
    """The systems in the order of tables, what they are called and what is compared."""

    name: str
    title: str
    caption: str
    labels: dict[str, str]  # by system
    paper: dict[str, dict[str, float]]  # by system and metric; empty where the paper has no number
    pairs: tuple[Pair, ...]
    pretraining: dict[str, str]  # by system, the pre-training that it starts from
    tuned: TunedSettings | None


def describe(folder: Path, systems: Iterable[str], baseline: str | None = None) -> Description:
    """Read the description in `study.json`; without one all systems are compared with the first.

    Args:
        folder: of a study or of other runs.
        systems: those that have runs in the folder.
        baseline: the system to compare all others with, in the place of the study's pairs.

    Raises:
        MiqrecError: `study.json` is not a study's, or no system is called like the baseline.
    """
    path = folder / STUDY
    description = _of_study(path) if path.is_file() else _guess(folder, systems)
    labels = description.labels
    if baseline is None:
        return description
    if baseline not in labels:
        raise MiqrecError(
            f"there is no system {baseline!r} in {folder}; choose one of {', '.join(labels)}"
        )
    return description._replace(pairs=_all_against(baseline, labels))


def _of_study(path: Path) -> Description:
    study = read_checked(path, Study, "a study's", "run `miqrec reproduce` again, which writes it")
    return Description(
        name=study.name,
        title=study.title,
        caption=" ".join(study.caption.split()),
        labels={name: system.label for name, system in study.systems.items()},
        paper=study.paper,
        pairs=study.pairs,
        pretraining={
            name: system.pretraining
            for name, system in study.systems.items()
            if system.pretraining is not None
        },
        tuned=_tuned(study),
    )


def _tuned(study: Study) -> TunedSettings | None:
    if study.tuning is None:
        return None
    chosen = {}
    for system in study.systems:
        values, space = study.system_values(system), study.space(system)
        chosen[system] = {name: value for name, value in values.items() if name in space}
    return TunedSettings(study.tuning, chosen)


def _guess(folder: Path, systems: Iterable[str]) -> Description:
    labels = {system: system for system in systems}
    name = folder.resolve().name
    return Description(
        name=name,
        title=name,
        caption="",
        labels=labels,
        paper={},
        pairs=_all_against(next(iter(labels)), labels),
        pretraining={},
        tuned=None,
    )


def _all_against(baseline: str, systems: Iterable[str]) -> tuple[Pair, ...]:
    return tuple(Pair(system=system, baseline=baseline) for system in systems if system != baseline)
