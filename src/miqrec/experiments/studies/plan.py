"""The runs of a study: their folders, their commands and how far they are."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig
from miqrec.errors import MiqrecError
from miqrec.experiments.archive.pack import PackedRun, read_packed_runs
from miqrec.experiments.studies.study import Study
from miqrec.runs.config import PretrainingRunConfig, RunConfig
from miqrec.runs.folder import Metrics, check_same, claim, read_metrics, read_run_config
from miqrec.runs.plan import plan_opened, plan_pretraining_opened
from miqrec.runs.settings import PretrainingSettings, Setting, Settings, settings

State = Literal["finished", "started", "to do"]

PRETRAINED = "artifact"
"""A pre-training writes this folder last."""


class PlannedRun(NamedTuple):
    """A run of a system with one seed, or a pre-training that serves all seeds."""

    system: str  # or the pre-training's key
    seed: int | None  # None for a pre-training
    folder: Path
    chosen: Settings | PretrainingSettings
    command: tuple[str, ...]  # the words after `miqrec`
    after: Path | None = None  # the folder of the pre-training that the run starts from
    packed: PackedRun | None = None  # None for a run that isn't in the study's pack

    @property
    def name(self) -> str:
        """How messages call the run."""
        return f"pre-training {self.system}" if self.seed is None else f"{self.system} {self.seed}"

    @property
    def epochs(self) -> int:
        """How many epochs the run has at most."""
        if isinstance(self.chosen, PretrainingSettings):
            return self.chosen.pretraining.epochs
        return self.chosen.training.epochs

    @property
    def state(self) -> State:
        """How far the run is; a packed pre-training is to do again, as packs hold no weights."""
        if self.packed and self.seed is not None:
            return "finished"
        last_written = PRETRAINED if self.seed is None else "metrics.json"
        if (self.folder / last_written).exists():
            return "finished"
        return "started" if (self.folder / "config.json").exists() else "to do"

    @property
    def metrics(self) -> Metrics | None:
        """The scores of a finished run; a pre-training has none."""
        if self.seed is None or self.state != "finished":
            return None
        return self.packed.metrics if self.packed else read_metrics(self.folder)

    @property
    def is_ready(self) -> bool:
        """Whether the run can start: the pre-training, if it needs one, is finished."""
        return self.after is None or (self.after / PRETRAINED).exists()


def plan(
    study: Study, out: Path, seeds: int, systems: Sequence[str] | None = None
) -> list[PlannedRun]:
    """List the runs of a study in the order in which they start: first the whole table with seed 0.

    Args:
        study: the table or figure.
        out: where the study's folder is, or will be.
        seeds: how many runs each system has, with the seeds 0, 1, ...
        systems: the systems to run; by default all.

    Raises:
        MiqrecError: the study has no such system.
    """
    chosen = list(study.systems) if systems is None else list(systems)
    if unknown := [system for system in chosen if system not in study.systems]:
        raise MiqrecError(
            f"{study.name} has no system {', '.join(map(repr, unknown))}; "
            f"choose from {', '.join(study.systems)}"
        )
    folder = out / study.name
    packed = read_packed_runs(folder)
    used = {study.systems[system].pretraining for system in chosen}
    pretrainings = [_pretraining(study, key, folder) for key in study.pretraining if key in used]
    runs = [_run(study, system, seed, folder) for seed in range(seeds) for system in chosen]
    return [run._replace(packed=packed.get(run[:2])) for run in [*pretrainings, *runs]]


def unfinished(runs: Iterable[PlannedRun]) -> list[PlannedRun]:
    """List the runs that are left to do, with the pre-trainings that one of them starts from."""
    runs = [run for run in runs if run.state != "finished"]
    awaited = {run.after for run in runs}
    return [run for run in runs if run.seed is not None or run.folder in awaited]


def check(runs: Iterable[PlannedRun], source: DataConfig, dataset: Dataset) -> None:
    """Check that the folders and the pack of a study hold the planned runs, as far as they hold any.

    Args:
        runs: from `plan`.
        source: how the study's data are read.
        dataset: the study's data.

    Raises:
        MiqrecError: a run there has other settings, other data or another pre-training.
    """
    for run in runs:
        if run.packed:
            check_same(run.packed.config, _config(run, source, dataset), run.folder)
        if (run.folder / "config.json").exists():
            claim(run.folder, _config(run, source, dataset))


def pretraining_command(study: Study, key: str, out: Path) -> tuple[str, ...]:
    """Return the words after `miqrec` that pre-train into `out`."""
    model, values = study.pretraining[key].model, study.pretraining_values(key)
    return ("pretrain", *_words(study, model, values, out))


def option_words(values: Mapping[str, Setting]) -> list[str]:
    """Return settings as they are typed, such as `--window 5`."""
    words = []
    for name, value in values.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", str(value)]
    return words


def data_words(source: DataConfig) -> list[str]:
    """Return the options that name the data, without the filters, which are settings."""
    named = source.columns.model_dump(exclude_defaults=True)
    if source.items is not None:
        named["items"] = source.items
    return ["--data", str(source.source), *option_words(named)]


def _pretraining(study: Study, key: str, folder: Path) -> PlannedRun:
    out = folder / "pretraining" / key
    command = pretraining_command(study, key, out)
    return PlannedRun(key, None, out, study.chosen_pretraining(key), command)


def _run(study: Study, system: str, seed: int, folder: Path) -> PlannedRun:
    out = folder / system / f"seed-{seed}"
    values = study.system_values(system) | {"seed": seed}
    model, key = study.systems[system].model, study.systems[system].pretraining
    after = folder / "pretraining" / key if key is not None else None
    start = ("--init-from", str(after)) if after else ()
    command = ("train", *_words(study, model, values, out), *start)
    return PlannedRun(system, seed, out, settings(model, **values), command, after)


def _words(study: Study, model: str, values: Mapping[str, Setting], out: Path) -> list[str]:
    words = [*data_words(study.source()), "--model", model, *option_words(values)]
    return [*words, "--out", str(out)]


def _config(
    run: PlannedRun, source: DataConfig, dataset: Dataset
) -> RunConfig | PretrainingRunConfig:
    if isinstance(run.chosen, PretrainingSettings):
        return plan_pretraining_opened(dataset, source, run.chosen).config
    start = run.after if run.is_ready else None
    config = plan_opened(dataset, source, run.chosen, start).config
    if start is None:  # the pre-training has no weights here to compare with
        there = run.packed.config if run.packed else read_run_config(run.folder)
        initial = there.init_from if isinstance(there, RunConfig) else None
        config = config.model_copy(update={"init_from": initial})
    return config
