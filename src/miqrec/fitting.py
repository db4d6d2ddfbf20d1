"""From a config to a fitted model, whether it is trained or only counts."""

from pathlib import Path
from typing import Literal

import torch

from miqrec.artifact import Artifact, ArtifactConfig
from miqrec.config import Config
from miqrec.data.dataset import Dataset
from miqrec.data.sequences import Sequences, spans
from miqrec.data.source import DataConfig
from miqrec.models.build import Model, ModelConfig, build_model
from miqrec.models.encoder import Encoder
from miqrec.models.markov import Markov
from miqrec.models.popularity import Popularity, count_items
from miqrec.training import TrainingConfig, train, train_on_everything

Part = Literal["train", "all"]


class RunConfig(Config):
    """All that decides the outcome of a run."""

    data: DataConfig
    fingerprint: str  # of the data set
    model: ModelConfig
    training: TrainingConfig


def fit(dataset: Dataset, config: RunConfig, folder: Path) -> Artifact:
    """Fit on the training split, the best epoch chosen by validation.

    Args:
        dataset: the interactions.
        config: model and training.
        folder: for `history.csv` and checkpoints; a training that was stopped there goes on.

    Raises:
        MiqrecError: nothing to train or to validate on, or a loss that is not finite.
    """
    model = _fresh_model(dataset, config)
    epochs = None
    if isinstance(model, Encoder):
        epochs = train(model, dataset.sequences, config.training, folder).best_epoch
    else:
        _count(model, dataset.sequences, "train")
    return _artifact(model, dataset, config, "train", epochs)


def fit_on_everything(
    dataset: Dataset, config: RunConfig, epochs: int | None, folder: Path
) -> Artifact:
    """Fit on all interactions for the number of epochs that validation chose before (None: only count)."""
    model = _fresh_model(dataset, config)
    if isinstance(model, Encoder):
        training = config.training.model_copy(update={"epochs": epochs})
        train_on_everything(model, dataset.sequences, training, folder)
    else:
        _count(model, dataset.sequences, "all")
    return _artifact(model, dataset, config, "all", epochs)


def _fresh_model(dataset: Dataset, config: RunConfig) -> Model:
    torch.manual_seed(config.training.seed)
    return build_model(config.model, dataset.catalogue.n_items)


def _count(model: Popularity | Markov, sequences: Sequences, part: Part) -> None:
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
    span = spans(dataset.sequences, part)
    items = dataset.sequences.items
    counts = count_items(items, span.starts, span.stops, dataset.sequences.n_items)
    return Artifact(about, model, dataset.catalogue, counts[1:])
