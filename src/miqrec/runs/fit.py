"""From a config to a fitted model, whether it is trained, pre-trained or only counts.

This brings Lightning, which takes seconds to import: who may not need it imports it where it fits.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
from lightning.pytorch.callbacks import Callback

from miqrec.data.dataset import Dataset
from miqrec.data.sequences import HELD_OUT, Sequences, spans
from miqrec.errors import MiqrecWarning
from miqrec.models.popularity import count_items
from miqrec.models.protocol import Counter, Model, Pretrainable, counts, learns
from miqrec.models.registry import build_model
from miqrec.runs.artifact import Artifact, ArtifactConfig
from miqrec.runs.config import PretrainingRunConfig, RunConfig
from miqrec.runs.initial_weights import take_up
from miqrec.system.seeds import Purpose, seeded, stream
from miqrec.training.fit import train, train_on_everything
from miqrec.training.pretraining.fit import pretrain

Part = Literal["train", "all"]


def fit(
    dataset: Dataset, config: RunConfig, folder: Path, callbacks: Sequence[Callback] = ()
) -> Artifact:
    """Fit on the training split, the best epoch chosen by validation.

    Args:
        dataset: the interactions.
        config: model and training.
        folder: for `history.csv` and checkpoints; a training that was stopped there goes on.
        callbacks: what is done besides training.

    Raises:
        MiqrecError: nothing to train or to validate on, or a loss that is not finite.
    """
    _report_short_histories(dataset.sequences)
    model = _fresh_model(dataset, config)
    epochs = None
    if learns(model):
        epochs = train(model, dataset.sequences, config.training, folder, callbacks).best_epoch
    elif counts(model):
        _count(model, dataset.sequences, "train")
    return _artifact(model, dataset, config, "train", epochs)


def fit_on_everything(
    dataset: Dataset, config: RunConfig, epochs: int | None, folder: Path
) -> Artifact:
    """Fit on all interactions for the number of epochs that validation chose before (None: only count).

    A linear schedule falls to 0 within these epochs, be they fewer than before.
    """
    model = _fresh_model(dataset, config)
    if learns(model):
        training = config.training.model_copy(update={"epochs": epochs})
        train_on_everything(model, dataset.sequences, training, folder)
    elif counts(model):
        _count(model, dataset.sequences, "all")
    return _artifact(model, dataset, config, "all", epochs)


def fit_pretraining(dataset: Dataset, config: PretrainingRunConfig, folder: Path) -> Artifact:
    """Pre-train on the training split; what it leaves can be trained, and is of no other use.

    Args:
        dataset: the interactions and the items' attributes.
        config: model and pre-training.
        folder: for `history.csv` and checkpoints; a pre-training that was stopped there goes on.

    Raises:
        MiqrecError: nothing to learn, no training item, or a loss that is not finite.
    """
    with seeded(stream(config.pretraining.seed, Purpose.WEIGHTS)):
        model = build_model(config.model, dataset.catalogue.n_items)
    pretrain(cast(Pretrainable, model), dataset, config.pretraining, folder)
    about = ArtifactConfig(
        model=config.model,
        training=None,
        pretraining=config.pretraining,
        epochs=config.pretraining.epochs,
        data=config.data,
        fingerprint=config.fingerprint,
        trained_on="pretraining",
    )
    return Artifact(about, model, dataset.catalogue, _item_counts(dataset.sequences, "train"))


def _report_short_histories(sequences: Sequences) -> None:
    n_short = int((sequences.lengths <= HELD_OUT).sum())
    if n_short:
        message = f"{n_short:,} of {sequences.n_users:,} users have fewer than 3 interactions"
        message += "; they are used for training only"
        warnings.warn(message, MiqrecWarning, stacklevel=4)


def _fresh_model(dataset: Dataset, config: RunConfig) -> Model:
    with seeded(stream(config.training.seed, Purpose.WEIGHTS)):
        model = build_model(config.model, dataset.catalogue.n_items)
    if config.init_from:
        take_up(config.init_from, model)
    return model


def _count(model: Counter, sequences: Sequences, part: Part) -> None:
    span = spans(sequences, part)
    model.fit(sequences.items, span.starts, span.stops)


def _artifact(
    model: Model, dataset: Dataset, config: RunConfig, part: Part, epochs: int | None
) -> Artifact:
    about = ArtifactConfig(
        model=config.model,
        training=config.training if epochs else None,
        epochs=epochs,
        data=config.data,
        fingerprint=config.fingerprint,
        trained_on=part,
    )
    return Artifact(about, model, dataset.catalogue, _item_counts(dataset.sequences, part))


def _item_counts(sequences: Sequences, part: Part) -> npt.NDArray[np.int64]:
    """(n_items,) how often each item stands in a part of the histories."""
    span = spans(sequences, part)
    return count_items(sequences.items, span.starts, span.stops, sequences.n_items)[1:]
