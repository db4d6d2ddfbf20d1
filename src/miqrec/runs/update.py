"""Go on training a saved model on what happened since: the nightly update.

The model starts from its weights, with a row more for each new item, and a fresh state of the optimizer. It
is trained to predict what is new, after all that came before, and once more the newest of what is old.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.catalogue import DESCRIBED, Catalogue, appended
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import with_catalogue
from miqrec.data.held_out import times_of
from miqrec.data.moments import is_same_clock, read_moment
from miqrec.data.news import find_news
from miqrec.data.open import DataConfig
from miqrec.data.splitting import last_moment
from miqrec.data.wanted import Wanted, wanted
from miqrec.errors import MiqrecError
from miqrec.models.protocol import Learner, counts
from miqrec.models.registry import build_model
from miqrec.runs.artifact import Artifact, ArtifactConfig
from miqrec.runs.initial_weights import adopt
from miqrec.runs.update_config import UpdateConfig
from miqrec.system.seeds import Purpose, seeded, stream
from miqrec.training.config import TrainingConfig
from miqrec.training.fit import train_on_everything
from miqrec.training.hooks import NO_HOOKS, Hooks


class Updated(NamedTuple):
    """An updated model, and what made it.

    Attributes:
        n_new: New interactions.
        n_replayed: Old ones that were learned again.
        n_items: New items.
    """

    artifact: Artifact
    n_new: int
    n_replayed: int
    n_items: int

    def counts(self) -> dict[str, int]:
        """Return what is counted, by name."""
        return {name: value for name, value in self._asdict().items() if name != "artifact"}


def update(
    artifact: Artifact,
    dataset: Dataset,
    data: DataConfig,
    config: UpdateConfig,
    hooks: Hooks = NO_HOOKS,
) -> Updated:
    """Go on training a model on what happened after its training.

    Args:
        artifact: The model, which was fitted on everything up to its last moment; it stays as it is.
        dataset: The log that goes on: what is new, and what the users did before.
        data: How it was read.
        config: Epochs, replay and learning rate.
        hooks: Device.

    Raises:
        MiqrecError: The model can't be updated, nothing is new, or as `train`.
    """
    until = _check(artifact, dataset)
    catalogue = _grown(artifact.catalogue, dataset.catalogue)
    dataset = with_catalogue(dataset, catalogue)
    training = _settings(artifact, config)
    asked = wanted(dataset, artifact.config.split)
    news = find_news(dataset, until, asked, config.replay)
    model = _started(artifact, catalogue, training)
    with TemporaryDirectory() as folder:
        train_on_everything(model, news.histories, training, Path(folder), hooks)
    about = _about(artifact, dataset, data, config.epochs)
    counted = _counted(artifact, dataset, until, asked)
    updated = Artifact(about, model, _met(catalogue, counted), counted)
    n_items = catalogue.n_items - artifact.catalogue.n_items
    return Updated(updated, news.n_new, news.n_replayed, n_items)


def _check(artifact: Artifact, dataset: Dataset) -> float:
    """See that a model can be updated; return when its training ended, in the unit of the times."""
    name, until = artifact.config.model.name, artifact.config.trained_until
    if counts(artifact.model):
        raise MiqrecError(f"{name} counts, so there is nothing to go on from; fit it again")
    if artifact.config.trained_on != "all":
        raise MiqrecError(
            "an update goes on from a model that was fitted on everything; fit one with final=True "
            "(miqrec train --final)"
        )
    if until is None:
        raise MiqrecError(
            "the data of the training had no times, so what is new can't be told; fit the model again on "
            "data with times"
        )
    times = times_of(dataset.sequences)
    if not is_same_clock(until, times):
        raise MiqrecError(
            f"the times of the training end at {until}, and these data have others (numbers where those are "
            "dates, or dates where those are numbers); bring data with times as in training"
        )
    return read_moment(until, times)


def _grown(known: Catalogue, there: Catalogue) -> Catalogue:
    """Put the items that are new behind those that are known."""
    is_new = known.encode(there.frame["item"]) == 0
    return appended(known, there.frame.filter(pl.Series(is_new)))


def _settings(artifact: Artifact, config: UpdateConfig) -> TrainingConfig:
    """Take the settings of the training, with draws that no earlier training or update has had."""
    training = artifact.config.training
    assert training is not None  # of a model that learns
    changed: dict[str, Any] = {
        "seed": stream(training.seed, Purpose.UPDATE, artifact.config.updates) % 2**31,
        "epochs": config.epochs,
    }
    if config.learning_rate is not None:
        changed["learning_rate"] = config.learning_rate
    return training.model_copy(update=changed)


def _started(artifact: Artifact, catalogue: Catalogue, training: TrainingConfig) -> Learner:
    """Build a model with the weights of the old one, and fresh vectors for new items."""
    with seeded(stream(training.seed, Purpose.WEIGHTS)):
        model = build_model(artifact.config.model, catalogue.n_items)
    adopt(artifact, model, catalogue)
    return cast(Learner, model)


def _met(catalogue: Catalogue, counted: npt.NDArray[np.int64]) -> Catalogue:
    """Take the mark off items that were known by their attributes alone, and that somebody has used now."""
    still = pl.Series(DESCRIBED, catalogue.described & (counted == 0))
    return (
        Catalogue(catalogue.frame.with_columns(still)) if catalogue.described.any() else catalogue
    )


def _about(artifact: Artifact, dataset: Dataset, data: DataConfig, epochs: int) -> ArtifactConfig:
    config = artifact.config
    changed = {
        "epochs": (config.epochs or 0) + epochs,
        "data": data,
        "fingerprint": dataset.fingerprint,
        "trained_until": last_moment(dataset),
        "kinds": tuple(dict.fromkeys([*config.kinds, *dataset.kinds])),
        "updates": config.updates + 1,
    }
    return config.model_copy(update=changed)


def _counted(
    artifact: Artifact, dataset: Dataset, until: float, asked: Wanted
) -> npt.NDArray[np.int64]:
    """Add what is new to how often each item was interacted with, (n_items,)."""
    is_new = times_of(dataset.sequences) > until
    items = dataset.sequences.items[is_new if asked is None else is_new & asked]
    counted = np.bincount(items, minlength=dataset.sequences.n_items + 1)[1:]
    counted[: len(artifact.counts)] += artifact.counts
    return counted
