"""A warm start: first weights that are taken from a saved model, pre-trained or trained, instead of drawn."""

import hashlib
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import numpy as np

from miqrec.config import Config
from miqrec.data.catalogue import Catalogue
from miqrec.data.splitting import Splits
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.growth import take_over
from miqrec.models.protocol import Learner, Model, NamedConfig, counts
from miqrec.models.registry import find_model
from miqrec.runs.artifact import Artifact, ArtifactConfig, artifact_folder, load_artifact

FREE = {"dropout", "attention_dropout"}
"""Settings in which a model may differ from the one whose weights it starts from."""


def sizes(model: str) -> set[str]:
    """Name the settings of a model that its weights fix."""
    return set(find_model(model).config.model_fields) - FREE


class InitialWeights(Config):
    """The folder of a saved model, and what its weights were when a run was planned."""

    folder: str
    sha256: str


def initial_weights(folder: Path, model: NamedConfig, splits: Splits) -> InitialWeights:
    """See that the model in `folder` can start `model` on these data.

    Items are matched by their external ids: those that the saved model doesn't know start with
    fresh weights, and those that are no longer there are left out.

    Args:
        folder: A saved model or a run.
        model: The config of the model to be trained.
        splits: What it is trained on, with the catalogue.

    Raises:
        MiqrecError: If `folder` holds no model, one that only counts, one of another kind or of other
            sizes, or one without an item in common with the data.
    """
    artifact = load_artifact(folder)
    _check_model(folder, artifact, model)
    _report_items(folder, artifact.catalogue, splits.dataset.catalogue)
    _report_interactions(folder, artifact.config, splits)
    return InitialWeights(folder=str(folder.absolute()), sha256=_sha256(folder))


def take_up(initial: InitialWeights, model: Model, catalogue: Catalogue) -> None:
    """Give `model`, whose items are those of `catalogue`, the weights that were planned.

    Raises:
        MiqrecError: If they are not there any more, or have changed.
    """
    folder = Path(initial.folder)
    if _sha256(folder) != initial.sha256:
        raise MiqrecError(
            f"{folder} has changed since the run that starts from it was planned; "
            "train anew with another --out"
        )
    adopt(load_artifact(folder), model, catalogue)


def adopt(artifact: Artifact, model: Model, catalogue: Catalogue) -> None:
    """Give `model`, whose items are those of `catalogue`, the weights of a saved model, which keeps its own.

    Items that the saved model doesn't know keep the vectors that they have.
    """
    known = artifact.catalogue.encode(catalogue.frame["item"])
    old: Any = artifact.model
    if hasattr(old, "mixture"):  # the training decides whether it goes on with it
        model.mixture = deepcopy(old.mixture)  # type: ignore[attr-defined]
    take_over(cast(Learner, model), cast(Learner, old), known)


def _check_model(folder: Path, artifact: Artifact, wanted: NamedConfig) -> None:
    there = artifact.config.model
    if counts(artifact.model):
        raise MiqrecError(
            f"{folder} holds a {there.name}, which counts: it has no weights for a training to start "
            "from"
        )
    if there.name != wanted.name:
        raise MiqrecError(
            f"{folder} holds a {there.name}, which cannot start {wanted.name}; "
            f"give --model {there.name}"
        )
    old, new = (config.model_dump(exclude=FREE) for config in (there, wanted))
    if different := [name for name in old if old[name] != new[name]]:
        sizes = [", ".join(f"{name} {config[name]}" for name in different) for config in (old, new)]
        raise MiqrecError(
            f"the model in {folder} has {sizes[0]}, and this one has {sizes[1]}; give the same sizes"
        )


def _report_items(folder: Path, old: Catalogue, new: Catalogue) -> None:
    """Say how many items are left out and how many are new, if any is left out."""
    shared = int(np.count_nonzero(old.encode(new.frame["item"])))
    if not shared:
        raise MiqrecError(
            f"the model in {folder} knows none of these items; give one of the same catalogue"
        )
    if shared < old.n_items:
        warnings.warn(
            f"{old.n_items - shared:,} of the {old.n_items:,} items that the model in {folder} knows "
            f"are not in these data and are left out; {new.n_items - shared:,} items are new",
            MiqrecWarning,
            stacklevel=3,
        )


def _report_interactions(folder: Path, there: ArtifactConfig, splits: Splits) -> None:
    """Say so if what is held out here may have been learned there."""
    if there.trained_on == "all":
        what = "everything, the held-out items too"
    elif there.fingerprint != splits.fingerprint:
        what = f"other interactions than {splits.dataset.name} has"
    else:
        return
    warnings.warn(
        f"the model in {folder} was trained on {what}; "
        "it may have seen what is held out here, and the scores will then be too good",
        MiqrecWarning,
        stacklevel=3,
    )


def _sha256(folder: Path) -> str:
    weights = artifact_folder(folder) / "model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest()
