"""A saved model: a folder with `config.json`, `model.safetensors` and `items.parquet`, and no histories."""

import hashlib
import json
import warnings
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs
import torch
from pydantic import Field
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from miqrec.config import Config, read_versioned
from miqrec.data.catalogue import DESCRIBED, Catalogue
from miqrec.data.open import DataConfig
from miqrec.data.split_config import SplitConfig
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.models.protocol import Model
from miqrec.models.registry import ModelConfig, build_model, find_model
from miqrec.runs.weights import check_weights
from miqrec.system.checksums import verify, write_described, write_described_again
from miqrec.system.files import recover, replacing
from miqrec.system.seeds import seeded
from miqrec.system.tables import read_frame
from miqrec.training.answers import add_mixture
from miqrec.training.config import TrainingConfig
from miqrec.training.pretraining.config import PretrainingConfig

FORMAT = 2
"""The version of the folder; format 1 had no checksums."""

FILES = {"config.json", "model.safetensors", "items.parquet"}
"""What an artifact consists of."""

REMEDY = "restore it from a copy, or train again"

TrainedOn = Literal["train", "all", "pretraining"]
"""On "all" means on the held-out items too, so that only later data can evaluate it; a model of
"pretraining" has yet to be trained."""


class ArtifactConfig(Config):
    """All that is known of a saved model besides its weights and items."""

    format: int = FORMAT
    miqrec: str = version("miqrec")
    model: ModelConfig
    training: TrainingConfig | None  # None for models that only count, or were only pre-trained
    pretraining: PretrainingConfig | None = None  # of a model that was only pre-trained
    epochs: int | None  # the number of epochs behind the weights
    data: DataConfig
    fingerprint: str  # of the data and of what was held out of them
    split: SplitConfig = SplitConfig()
    inference: InferenceConfig = InferenceConfig()
    trained_on: TrainedOn
    trained_until: str | None = None  # of "all": the last moment of the data, if they have times
    kinds: tuple[str, ...] = ()  # of event, in the data
    updates: int = 0  # how often it was updated since it was fitted


class _SavedConfig(ArtifactConfig):
    """A config as it stands in the folder, with the checksum of each file; format 1 had none."""

    checksums: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Artifact:
    """A model with what is needed to use it.

    Attributes:
        counts: (n_items,) how often each item was interacted with in training; popularity answers
            where the model has nothing to go by.
    """

    config: ArtifactConfig
    model: Model
    catalogue: Catalogue
    counts: npt.NDArray[np.int64]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the weights, the items and their counts, and the model's settings."""
        digest = hashlib.sha256(save(_weights(self.model)))
        digest.update(json.dumps(self.config.model.model_dump()).encode())
        digest.update(json.dumps(self.catalogue.frame.to_dict(as_series=False)).encode())
        digest.update(np.ascontiguousarray(self.counts, dtype="<i8").data)
        return digest.hexdigest()

    @property
    def popularity(self) -> Tensor:
        """The counts as scores, (n_items + 1,) float32; padding has 0."""
        return torch.from_numpy(np.append(0, self.counts)).float()


def save_artifact(artifact: Artifact, folder: Path) -> None:
    """Write the artifact to `folder`, whole or not at all, in the place of one that is there.

    Raises:
        MiqrecError: `folder` holds anything else than an artifact; nothing is overwritten.
    """
    items = artifact.catalogue.frame.with_columns(
        pl.int_range(1, pl.len() + 1).alias("id"), pl.Series("count", artifact.counts)
    )
    with replacing(folder, _is_artifact) as partial:
        partial.mkdir()
        (partial / "model.safetensors").write_bytes(save(_weights(artifact.model)))
        items.write_parquet(partial / "items.parquet")
        about = artifact.config.model_copy(update={"format": FORMAT})
        write_described(partial / "config.json", about.model_dump(mode="json"))


def _weights(model: Model) -> dict[str, Tensor]:
    return {name: tensor.contiguous().cpu() for name, tensor in model.state_dict().items()}


def save_inference(folder: Path, inference: InferenceConfig) -> None:
    """Keep how a saved model is to be used from now on; of its files only `config.json` is written anew.

    Args:
        folder: an artifact, or a run, whose model that was fitted on everything is used likewise.
        inference: what every command that uses the model will go by.

    Raises:
        MiqrecError: not an artifact, one of a newer format, or one that was damaged.
    """
    final = folder / "final"
    for place in [folder, final] if (final / "artifact").is_dir() else [folder]:
        path = artifact_folder(place) / "config.json"
        config = _read_config(path.parent).model_copy(update={"inference": inference})
        verify(path, REMEDY, since=2)
        write_described_again(path, config.model_dump(mode="json"))


def load_artifact(folder: Path) -> Artifact:
    """Read an artifact, or the one of a run.

    Raises:
        MiqrecError: not an artifact, one of a newer format, one that was damaged, or weights that
            don't fit its config.
    """
    folder = artifact_folder(folder)
    config = _read_config(folder)
    verify(folder / "config.json", REMEDY, since=2)
    items = _read_items(folder / "items.parquet")
    try:
        model = _load_model(config, items.height, folder / "model.safetensors")
    except (RuntimeError, SafetensorError, OSError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise MiqrecError(
            f"{folder}: model.safetensors does not match config.json ({reason}); "
            f"the folder is damaged or was edited: {REMEDY}"
        ) from error
    catalogue = Catalogue(items.drop("count"))
    return Artifact(config, model, catalogue, items["count"].to_numpy())


def _load_model(config: ArtifactConfig, n_items: int, path: Path) -> Model:
    """Build the model of a config with the weights of a file, if they belong together."""

    def meant() -> Any:
        return _with_mixture(find_model(config.model.name).build(n_items, config.model), config)

    check_weights(path, meant)
    with seeded(0):  # its first weights are drawn, and then replaced
        model = _with_mixture(build_model(config.model, n_items), config)
    model.load_state_dict(load_file(path))
    return model


def _with_mixture(model: Model, config: ArtifactConfig) -> Model:
    if config.training:
        add_mixture(model, config.training)
    return model


def _read_items(path: Path) -> pl.DataFrame:
    """Read the items; row i must be that of the weights' row i + 1, or lists name the wrong items."""
    others = cs.by_name("properties", DESCRIBED, require_all=False)
    items = read_frame(path, "id", "item", "title", "attributes", "count", others)
    if not np.array_equal(items["id"].to_numpy(), np.arange(1, items.height + 1)):
        raise MiqrecError(f"{path} has its rows in another order than the weights; {REMEDY}")
    return items.drop("id")


def _is_artifact(folder: Path) -> bool:
    """Whether a folder is an artifact and has nothing else in it."""
    return {path.name for path in folder.iterdir()} == FILES


def artifact_folder(folder: Path) -> Path:
    """Find the artifact: the folder itself, or the `artifact` inside it where it is a run."""
    for candidate in (folder / "artifact", folder):
        recover(candidate)
        missing = [name for name in sorted(FILES) if not (candidate / name).is_file()]
        if not missing:
            return candidate
        if any((candidate / name).exists() for name in FILES - {"config.json"}):
            raise MiqrecError(f"{candidate / missing[0]} is missing or is no file; {REMEDY}")
    if (folder / "config.json").is_file() and not (folder / "model.safetensors").exists():
        raise MiqrecError(
            f"{folder} holds a run that is not finished; "
            f"`miqrec train --out {folder} --resume` goes on with it"
        )
    reason = "does not exist" if not folder.exists() else "has no config.json and model.safetensors"
    raise MiqrecError(
        f"{folder} is not a saved model or a finished run: it {reason}; "
        "give a folder that `miqrec train --out` or `Recommender.save` wrote"
    )


def for_use(folder: Path) -> Path:
    """Find the model to put into use: the one that was fitted on everything, if there is one."""
    final = folder / "final"
    if (final / "artifact").is_dir():
        return final
    if final.is_dir() and (folder / "artifact").is_dir():
        warnings.warn(
            f"the model that {folder} was to fit on everything is not finished, so the run's own is used; "
            f"`miqrec train --out {folder} --resume` goes on with it",
            MiqrecWarning,
            stacklevel=2,
        )
    return folder


def _read_config(folder: Path) -> ArtifactConfig:
    """Read the config of an artifact; its format is checked before anything else."""
    saved = read_versioned(folder / "config.json", _SavedConfig, "a saved model's", FORMAT)
    return ArtifactConfig(**{name: getattr(saved, name) for name in ArtifactConfig.model_fields})
