"""A search for good settings with Optuna, by validation scores alone: the test split is never read.

The settings that a search tries depend on when its trials end, so that two searches differ. A trial has a
folder like a run's, and goes on where it was if its process was killed.
"""

import hashlib
import json
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import lightning.pytorch as lightning
import polars as pl
import torch
from lightning.pytorch.callbacks import Callback
from typing_extensions import override

from miqrec.data.dataset import Dataset
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.experiments.tuning.space import TuningConfig, suggest
from miqrec.runs.folder import claim
from miqrec.runs.plan import plan_opened
from miqrec.runs.run import validate
from miqrec.runs.settings import Setting, settings
from miqrec.system.files import remove, replacing
from miqrec.system.locks import FolderBusyError, locked
from miqrec.system.optional import optional
from miqrec.system.progress import console
from miqrec.training.config import CHOSEN_BY, TrainingConfig
from miqrec.training.hooks import Hooks

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.pruners import BasePruner


class SearchResult(NamedTuple):
    """The best trial, and how many there were."""

    settings: dict[str, Setting]  # of the best trial, with those that all trials share
    score: float  # validation NDCG@10
    trial: int
    finished: int
    pruned: int


def tune(
    dataset: Dataset, config: TuningConfig, trials: int, out: Path, storage: str | None = None
) -> SearchResult:
    """Search until there are `trials` trials, with those of other processes and of earlier starts.

    Args:
        dataset: the interactions to train and validate on.
        config: model, fixed settings and search space.
        trials: how many trials, including those that are given up early. Where several processes
            search together, each ends the trial that it is doing.
        out: the folder for a folder of each trial of this process, and for `trials.csv` with all trials.
        storage: a database URL; processes that give the same one search together. By default a SQLite
            file in `out`.

    Raises:
        MiqrecError: Optuna is missing, `out` holds something else, or no trial could be finished.
    """
    claim(out, config)
    own, errors = out / "tune.db", optional("sqlalchemy.exc")
    try:
        study = _open_study(config, storage or f"sqlite:///{own.absolute()}")
        return _search(study, dataset, config, trials, out)
    except (errors.SQLAlchemyError, optional("optuna").exceptions.StorageInternalError) as error:
        place = "the database of --storage" if storage else own
        reason = str(error).strip().splitlines()[0]  # the URL is left out: it may hold a password
        raise MiqrecError(
            f"{place} can't be opened: {reason}; restore it, or begin again"
        ) from error


def _search(
    study: "Study", dataset: Dataset, config: TuningConfig, trials: int, out: Path
) -> SearchResult:
    """Do what `tune` promises, in a database that is open."""
    _take_up_again(study, out)
    while _count(study, "COMPLETE") + _count(study, "PRUNED") < trials:
        trial = study.ask()
        _try(study, trial, dataset, config, out)
        _say(study, trial.number, trials)
    _write_trials(study, out / "trials.csv")
    if not _count(study, "COMPLETE"):
        raise MiqrecError(f"none of the {trials} trials could be finished; see the warnings above")
    best = study.best_trial
    return SearchResult(
        settings=config.settings | best.params,
        score=study.best_value,
        trial=best.number,
        finished=_count(study, "COMPLETE"),
        pruned=_count(study, "PRUNED"),
    )


class Prune(Callback):
    """Reports the validation score of each epoch to Optuna, and stops a trial that Optuna gives up."""

    def __init__(self, trial: "Trial") -> None:
        self.trial = trial

    @override
    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.trial.report(trainer.callback_metrics[CHOSEN_BY].item(), trainer.current_epoch)
        if self.trial.should_prune():
            raise optional("optuna").TrialPruned


def _open_study(config: TuningConfig, storage: str) -> "Study":
    optuna: Any = optional("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    identity = json.dumps(_without_places(config), sort_keys=True)
    try:
        study: Study = optuna.create_study(
            storage=storage,
            study_name=f"{config.model}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}",
            direction="maximize",
            pruner=_pruner(config),
            load_if_exists=True,
        )
    except (ImportError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MiqrecError(f"the database of --storage can't be opened: {reason}") from error
    return study


def _pruner(config: TuningConfig) -> "BasePruner":
    """Return what gives up a trial: it is behind the median of the others and no longer gains.

    It no longer gains when it was below its own best for half the patience. A trial that still gains goes
    on, since a low learning rate is behind for long and may end ahead.
    """
    optuna: Any = optional("optuna")
    patience = int(config.settings.get("patience", TrainingConfig().patience))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        pruner: BasePruner = optuna.pruners.PatientPruner(
            optuna.pruners.MedianPruner(), patience=patience // 2
        )
    return pruner


def _without_places(config: TuningConfig) -> dict[str, Any]:
    """Return what tells searches apart, without the folders, which differ between machines."""
    places: Any = {"data": True, "init_from": {"folder"}}
    return config.model_dump(mode="json", exclude=places, exclude_none=True)


def _take_up_again(study: "Study", out: Path) -> None:
    """Queue the trials of processes that are gone again; they go on in the same folders."""
    state: Any = optional("optuna").trial.TrialState
    for trial in study.get_trials(states=(state.RUNNING,)):
        folder = out / trial.user_attrs.get("folder", f"trial-{trial.number}")
        if not folder.exists():  # it is a trial of a process with another `out`
            continue
        with suppress(FolderBusyError), locked(folder, patience=0.0):
            study.tell(trial.number, state=state.FAIL)
            study.enqueue_trial(trial.params, user_attrs={"folder": folder.name})


def _try(study: "Study", trial: "Trial", dataset: Dataset, config: TuningConfig, out: Path) -> None:
    """Train with the settings that a trial draws, and report its score."""
    optuna: Any = optional("optuna")
    folder = out / trial.user_attrs.get("folder", f"trial-{trial.number}")
    with locked(folder):
        try:
            study.tell(trial, _score(trial, dataset, config, folder))
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            remove(folder / "checkpoints")
        except (MiqrecError, torch.OutOfMemoryError) as error:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            warnings.warn(f"trial {trial.number}: {error}", MiqrecWarning, stacklevel=3)


def _score(trial: "Trial", dataset: Dataset, config: TuningConfig, folder: Path) -> float:
    drawn = suggest(trial, config.model, config.search)
    chosen = settings(config.model, **config.settings, **drawn)
    plan = plan_opened(dataset, config.data, chosen)
    run = plan.config.model_copy(update={"init_from": config.init_from})
    return validate(plan._replace(config=run), folder, Hooks(callbacks=[Prune(trial)]))[CHOSEN_BY]


def _say(study: "Study", number: int, trials: int) -> None:
    trial = study.get_trials(deepcopy=False)[number]
    finished, pruned = _count(study, "COMPLETE"), _count(study, "PRUNED")
    score = "" if trial.value is None else f", validation {CHOSEN_BY} {trial.value:.4f}"
    best = f"; the best so far is {study.best_value:.4f}" if finished else ""
    console.print(
        f"trial {number} {trial.state.name.lower()}{score}{best}; {finished + pruned} of {trials}",
        soft_wrap=True,
    )


def _count(study: "Study", state: str) -> int:
    states: Any = optional("optuna").trial.TrialState
    return len(study.get_trials(deepcopy=False, states=(states[state],)))


def _write_trials(study: "Study", path: Path) -> None:
    """Write a row for each trial: its settings, how it ended, and its score.

    The score of a trial that was given up is that of its last epoch.
    """
    rows = [
        {"trial": trial.number, "state": trial.state.name.lower(), CHOSEN_BY: trial.value}
        | trial.params
        for trial in study.get_trials(deepcopy=False)
    ]
    with replacing(path) as partial:
        pl.DataFrame(rows, infer_schema_length=None).write_csv(partial)
