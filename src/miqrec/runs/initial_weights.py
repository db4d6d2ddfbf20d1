"""First weights that are taken from a pre-trained model instead of drawn."""

import hashlib
import warnings
from pathlib import Path

from miqrec.config import Config
from miqrec.data.dataset import Dataset
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.protocol import Model, NamedConfig
from miqrec.models.registry import find_model
from miqrec.runs.artifact import ArtifactConfig, artifact_folder, load_artifact

FREE = {"dropout", "attention_dropout"}
"""Settings in which a model may differ from the one whose weights it starts from."""


def sizes(model: str) -> set[str]:
    """The settings of a model that its weights fix."""
    return set(find_model(model).config.model_fields) - FREE


class InitialWeights(Config):
    """A pre-trained model, and what its weights were when a run was planned."""

    folder: str
    sha256: str


def initial_weights(folder: Path, model: NamedConfig, dataset: Dataset) -> InitialWeights:
    """See that what was pre-trained in `folder` can start `model` on `dataset`.

    Raises:
        MiqrecError: If `folder` holds no pre-trained model, or one of another kind, of other sizes
            or of other items.
    """
    artifact = load_artifact(folder)
    _check_model(folder, artifact.config, model)
    if not artifact.catalogue.frame["item"].equals(dataset.catalogue.frame["item"]):
        raise MiqrecError(
            f"{folder} was pre-trained on other items than {dataset.name} has; "
            "pre-train on the data that you train on, with the same filters"
        )
    if artifact.config.fingerprint != dataset.fingerprint:
        warnings.warn(
            f"{folder} was pre-trained on other interactions than {dataset.name} has; what is held "
            "out here may have been seen there",
            MiqrecWarning,
            stacklevel=2,
        )
    return InitialWeights(folder=str(folder.absolute()), sha256=_sha256(folder))


def take_up(initial: InitialWeights, model: Model) -> None:
    """Give `model` the weights that were planned.

    Raises:
        MiqrecError: If they are not there any more, or have changed.
    """
    folder = Path(initial.folder)
    if _sha256(folder) != initial.sha256:
        raise MiqrecError(
            f"{folder} has changed since the run that starts from it was planned; "
            "train anew with another --out"
        )
    model.load_state_dict(load_artifact(folder).model.state_dict())


def _check_model(folder: Path, there: ArtifactConfig, wanted: NamedConfig) -> None:
    if there.trained_on != "pretraining":
        raise MiqrecError(
            f"{folder} holds a model that is trained already, not a pre-trained one; "
            "give a folder that `miqrec pretrain --out` wrote"
        )
    if there.model.name != wanted.name:
        raise MiqrecError(
            f"{folder} holds a pre-trained {there.model.name}, which cannot start {wanted.name}; "
            f"give --model {there.model.name}"
        )
    old, new = (config.model_dump(exclude=FREE) for config in (there.model, wanted))
    if different := [name for name in old if old[name] != new[name]]:
        sizes = [", ".join(f"{name} {config[name]}" for name in different) for config in (old, new)]
        raise MiqrecError(
            f"{folder} was pre-trained with {sizes[0]}, and this model has {sizes[1]}; "
            "give the same sizes"
        )


def _sha256(folder: Path) -> str:
    weights = artifact_folder(folder) / "model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest()
