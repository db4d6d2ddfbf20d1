"""From a plan to a fitted model, whether it is trained, pre-trained or only counts.

This brings Lightning, which takes seconds to import: who may not need it imports it where it fits.
"""

import warnings
from pathlib import Path
from typing import cast

from miqrec.data.dataset import Dataset
from miqrec.data.histories import Histories
from miqrec.data.splitting import everything, last_moment
from miqrec.errors import MiqrecWarning
from miqrec.evaluation.scoring import check_mix
from miqrec.models.popularity import item_counts
from miqrec.models.protocol import Model, Pretrainable, counts, learns
from miqrec.models.registry import build_model
from miqrec.runs.artifact import Artifact, ArtifactConfig, TrainedOn
from miqrec.runs.config import RunConfig
from miqrec.runs.initial_weights import take_up
from miqrec.runs.plan import Plan, PretrainingPlan
from miqrec.system.seeds import Purpose, seeded, stream
from miqrec.training.answers import add_mixture
from miqrec.training.fit import train, train_on_everything
from miqrec.training.hooks import NO_HOOKS, Hooks
from miqrec.training.pretraining.fit import pretrain


def fit(plan: Plan, folder: Path, hooks: Hooks = NO_HOOKS) -> Artifact:
    """Fit on the training split, the best epoch chosen by validation.

    Args:
        plan: data, split and config.
        folder: for `history.csv` and checkpoints; a training that was stopped there goes on.
        hooks: callbacks, logger, device, and functions that the config names.

    Raises:
        MiqrecError: nothing to train or to validate on, or a loss that is not finite.
    """
    _report_what_is_not_asked(plan)
    splits, config = plan.splits, plan.config
    model = _fresh_model(splits.dataset, config)
    epochs = None
    if learns(model):
        trained = train(model, splits, config.training, folder, hooks, inference=config.inference)
        epochs = trained.best_epoch
    elif counts(model):
        model.fit(splits.train)
    return _artifact(model, splits.dataset, splits.train, config, "train", epochs)


def fit_on_everything(
    plan: Plan, epochs: int | None, folder: Path, hooks: Hooks = NO_HOOKS
) -> Artifact:
    """Fit on all interactions for the number of epochs that validation chose before (None: only count).

    A linear schedule falls to 0 within these epochs, be they fewer than before.
    """
    dataset, config, histories = (
        plan.dataset,
        plan.config,
        everything(plan.dataset, plan.config.split),
    )
    model = _fresh_model(dataset, config)
    if learns(model):
        training = config.training.model_copy(update={"epochs": epochs})
        train_on_everything(model, histories, training, folder, hooks)
    elif counts(model):
        model.fit(histories)
    return _artifact(model, dataset, histories, config, "all", epochs)


def fit_pretraining(plan: PretrainingPlan, folder: Path, hooks: Hooks = NO_HOOKS) -> Artifact:
    """Pre-train on the training split; what it leaves can be trained, and is of no other use.

    Args:
        plan: data with the items' attributes, split and config.
        folder: for `history.csv` and checkpoints; a pre-training that was stopped there goes on.
        hooks: callbacks, logger and device.

    Raises:
        MiqrecError: nothing to learn, no training item, or a loss that is not finite.
    """
    splits, config = plan.splits, plan.config
    catalogue = splits.dataset.catalogue
    with seeded(stream(config.pretraining.seed, Purpose.WEIGHTS)):
        model = build_model(config.model, catalogue.n_items)
    pretrain(cast(Pretrainable, model), splits.train, catalogue, config.pretraining, folder, hooks)
    about = ArtifactConfig(
        model=config.model,
        training=None,
        pretraining=config.pretraining,
        epochs=config.pretraining.epochs,
        data=config.data,
        fingerprint=config.fingerprint,
        split=config.split,
        trained_on="pretraining",
    )
    return Artifact(about, model, catalogue, item_counts(splits.train))


def _report_what_is_not_asked(plan: Plan) -> None:
    """Say how many users leave-one-out asks nothing of."""
    split, n_users = plan.config.split, plan.dataset.sequences.n_users
    n_short = n_users - len(plan.splits.test.users)
    if split.split == "leave-one-out" and n_short:
        of_kind = f"two interactions of kind {' or '.join(split.target_kinds or ())}"
        what = f"{of_kind} after others" if split.target_kinds else "3 interactions"
        message = f"{n_short:,} of {n_users:,} users have fewer than {what}"
        message += "; they are used for training only"
        warnings.warn(message, MiqrecWarning, stacklevel=4)


def _fresh_model(dataset: Dataset, config: RunConfig) -> Model:
    with seeded(stream(config.training.seed, Purpose.WEIGHTS)):
        model = build_model(config.model, dataset.catalogue.n_items)
    if config.init_from:
        take_up(config.init_from, model, dataset.catalogue)
    add_mixture(model, config.training)
    check_mix(model, config.inference)
    return model


def _artifact(
    model: Model,
    dataset: Dataset,
    histories: Histories,
    config: RunConfig,
    trained_on: TrainedOn,
    epochs: int | None,
) -> Artifact:
    about = ArtifactConfig(
        model=config.model,
        training=config.training if epochs else None,
        epochs=epochs,
        data=config.data,
        fingerprint=config.fingerprint,
        split=config.split,
        inference=config.inference,
        trained_on=trained_on,
        trained_until=last_moment(dataset) if trained_on == "all" else None,
        kinds=dataset.kinds,
    )
    return Artifact(about, model, dataset.catalogue, item_counts(histories))
