"""Make a run: fit, evaluate, and leave it all in a folder, from which it goes on when it was stopped.

`miqrec.runs.fit` brings Lightning, which takes seconds; it is imported where something is fitted.
"""

import time
import warnings
from pathlib import Path

import polars as pl
import torch

from miqrec.data.split_config import Held
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.evaluate import rank_questions
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.metrics import summary
from miqrec.runs.artifact import Artifact, load_artifact, save_artifact
from miqrec.runs.folder import (
    REMEDY,
    Metrics,
    Validation,
    claimed,
    describe_history,
    epoch_seconds,
    note_environment,
    read_environment,
    read_metrics,
    write_scores,
)
from miqrec.runs.plan import Plan, PretrainingPlan
from miqrec.system.checksums import read_checked
from miqrec.system.environment import choose_device, peak_mib
from miqrec.system.files import remove, replacing
from miqrec.system.locks import locked
from miqrec.system.wording import setting
from miqrec.training.hooks import NO_HOOKS, Hooks
from miqrec.training.optimization import check_functions

SEEN_SHARE = 0.01
"""The share of held-out items that users had had before, above which a run says so."""


def run(plan: Plan, folder: Path, hooks: Hooks = NO_HOOKS, *, final: bool = False) -> Metrics:
    """Fit, evaluate on validation and test, and leave it all in `folder`.

    A finished run is read, not repeated; one that was stopped goes on where it was.

    Args:
        plan: data, split and config.
        folder: the run's; it is made if it isn't there.
        hooks: callbacks, logger, device, and functions that the config names.
        final: then fit on everything too, for use, in `folder/final`. A run that was asked for it once
            goes on with it when it is resumed.

    Raises:
        MiqrecError: the folder holds another run or other files, another process is at work in it, or
            the data can't be trained on.
    """
    with locked(folder):
        _check_hooks(plan, folder / "metrics.json", hooks)
        with claimed(folder, plan.config, final=final):
            metrics = _run(plan, folder, hooks)
            if (folder / "final").is_dir():
                _run_final(plan, folder / "final", metrics.epochs, hooks)
            return metrics


def _run(plan: Plan, folder: Path, hooks: Hooks) -> Metrics:
    from miqrec.runs.fit import fit

    if (folder / "metrics.json").exists():
        _check_model(folder)
        remove(folder / "checkpoints")
        return read_metrics(folder)
    device = choose_device(hooks.device)
    note_environment(folder, device)
    began = time.perf_counter()
    artifact = fit(plan, folder, hooks)
    fitted, peak = time.perf_counter(), peak_mib(device)
    valid = _ranks(artifact, plan, "valid", device)
    began_test = time.perf_counter()
    test = _ranks(artifact, plan, "test", device)
    questions = plan.splits.test
    metrics = Metrics(
        valid=summary(valid["rank"].to_torch()),
        test=summary(test["rank"].to_torch()),
        n_users=test["user"].n_unique(),
        questions=test.height,
        seen_targets=int(test["seen"].sum()),
        unknown_targets=int((questions.targets == 0).sum()),
        without_history=int((questions.lengths == 0).sum()),
        epochs=artifact.config.epochs,
        parameters=sum(parameter.numel() for parameter in artifact.model.parameters()),
        fit_seconds=round(epoch_seconds(folder) or fitted - began, 2),
        test_seconds=round(time.perf_counter() - began_test, 2),
        peak_mib=peak,
    )
    save_artifact(artifact, folder / "artifact")
    with replacing(folder / "ranks.parquet") as partial:
        test.drop("seen").write_parquet(partial)
    write_scores(folder / "metrics.json", metrics)
    report_misses(metrics, plan.config.inference)
    remove(folder / "checkpoints")
    return metrics


def report_misses(metrics: Metrics, inference: InferenceConfig) -> None:
    """Warn where more than 1 % of the held-out items are such that no list would ever hold them."""
    share = (metrics.seen_targets or 0) / (metrics.questions or 1)
    if inference.exclude_seen and share > SEEN_SHARE:
        message = (
            f"{share:.1%} of the held-out items are ones that their users had had before, which lists leave "
            f"out, so they count as misses; {setting('exclude_seen', False)} recommends such items and ranks "
            "them"
        )
        warnings.warn(message, MiqrecWarning, stacklevel=3)


def _check_model(folder: Path) -> None:
    """See that the model of a finished run is there and whole.

    Raises:
        MiqrecError: it isn't, which its scores alone don't show.
    """
    try:
        load_artifact(folder / "artifact")
    except MiqrecError as error:
        raise MiqrecError(
            f"the run in {folder} is finished, but its model can't be used: {error}; without a copy, "
            f"remove {folder / 'metrics.json'} and resume the run, which fits it again"
        ) from error


def _ranks(artifact: Artifact, plan: Plan, part: Held, device: torch.device) -> pl.DataFrame:
    return rank_questions(
        artifact.model,
        plan.splits.held(part),
        artifact.popularity,
        plan.config.inference,
        device=device,
    )


def validate(plan: Plan, folder: Path, hooks: Hooks = NO_HOOKS) -> dict[str, float]:
    """Fit and evaluate on validation alone: what a search for settings may look at.

    A finished one is read, not repeated; one that was stopped goes on where it was.

    Args:
        plan: data, split and config; the test questions are not looked at.
        folder: gets `history.csv` and `valid.json`, but no model.
        hooks: callbacks, logger, device, and functions that the config names.

    Raises:
        MiqrecError: as `run` does.
    """
    from miqrec.runs.fit import fit

    path = folder / "valid.json"
    _check_hooks(plan, path, hooks)
    with claimed(folder, plan.config):
        if not path.exists():
            valid = _ranks(fit(plan, folder, hooks), plan, "valid", choose_device(hooks.device))
            found = Validation(valid=summary(valid["rank"].to_torch()))
            write_scores(path, found)
    remove(folder / "checkpoints")  # which a kill may have left beside the scores
    return read_checked(path, Validation, "a trial's", REMEDY).valid


def _check_hooks(plan: Plan, result: Path, hooks: Hooks) -> None:
    """Before a folder is claimed, refuse a device or a function that the fit would miss.

    Where the result is there already, nothing is fitted and nothing is missed.
    """
    if not result.exists():
        choose_device(hooks.device)
        check_functions(plan.config.training, hooks)


def _run_final(plan: Plan, folder: Path, epochs: int | None, hooks: Hooks) -> None:
    """Fit on everything for the epochs that validation chose; a finished fit is not repeated."""
    from miqrec.runs.fit import fit_on_everything

    if (folder / "artifact").exists():
        remove(folder / "checkpoints")
        load_artifact(folder)  # which sees that it is whole
        return
    save_artifact(fit_on_everything(plan, epochs, folder, hooks), folder / "artifact")
    remove(folder / "checkpoints")


def run_pretraining(plan: PretrainingPlan, folder: Path, hooks: Hooks = NO_HOOKS) -> Artifact:
    """Pre-train, and leave what `miqrec train --init-from` takes up in `folder`.

    A finished pre-training is read, not repeated; one that was stopped goes on where it was.

    Raises:
        MiqrecError: the folder holds another run or other files, another process is at work in it, or
            there is nothing to learn.
    """
    from miqrec.runs.fit import fit_pretraining

    device = choose_device(hooks.device)
    with locked(folder), claimed(folder, plan.config):
        if (folder / "artifact").exists():
            remove(folder / "checkpoints")
            read_environment(folder)  # which sees that the history is whole
            return load_artifact(folder)
        note_environment(folder, device)
        artifact = fit_pretraining(plan, folder, hooks)
        describe_history(folder)
        save_artifact(artifact, folder / "artifact")
        remove(folder / "checkpoints")
        return artifact
