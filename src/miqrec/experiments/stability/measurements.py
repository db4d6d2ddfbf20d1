"""Measurements of runs under noise, kept in files so that a study that was killed goes on where it was.

    FOLDER/values/<system>/seed-<n>/<setting>/about.json       what was measured, and how
                                              clean.parquet    lists and ranks without noise
                                              <noise>.parquet  a row a draw and question

A *setting* is a way to use a trained model: its newest answer alone, or a mixture of several.
"""

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl
import torch
from torch import Tensor

from miqrec.config import Config, read_config
from miqrec.data.dataset import Dataset
from miqrec.data.histories import Questions
from miqrec.data.split_config import Held
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import check_mix
from miqrec.evaluation.temperature import check_temperature
from miqrec.evaluation.top_lists import ListRequest
from miqrec.models.protocol import Model
from miqrec.runs.artifact import Artifact
from miqrec.stability.measure import (
    LISTED,
    Answers,
    Noise,
    answers,
    measure_perturbation,
    sample_users,
)
from miqrec.stability.perturbations import Perturbation
from miqrec.system.files import replacing, write_json
from miqrec.system.locks import locked
from miqrec.system.tables import read_frame

VALUES = "values"
ABOUT = "about.json"
CLEAN_FILE = "clean.parquet"


class Asked(Config):
    """What all runs of a study are asked."""

    part: Held = "test"
    users: int | None = None  # so many, whom the seed chooses; None for all
    draws: int = 5
    seed: int = 0


class About(Config):
    """What a folder of measurements is about; nothing else may be added to it."""

    asked: Asked
    system: str
    seed: int
    inference: InferenceConfig
    fingerprint: str  # of the data that the questions are from
    weights: str  # SHA-256 (hex) of the model's


class Subject(NamedTuple):
    """A trained model that is measured."""

    system: str
    seed: int
    artifact: Artifact


def setting_name(model: Model, inference: InferenceConfig) -> str:
    """Name a way to use a model: "newest", "trained" or the weights of its answers, "mix-0.6-0.4"."""
    mix = inference.mix or ("trained" if hasattr(model, "mixture") else (1.0,))
    if mix == "trained":
        name = "trained"
    else:
        name = "newest" if len(mix) == 1 else "-".join(["mix", *(f"{share:g}" for share in mix)])
    return name if inference.temperature == 1 else f"{name}-at-{inference.temperature:g}"


def measure_subject(
    subject: Subject,
    dataset: Dataset,
    inference: InferenceConfig,
    asked: Asked,
    perturbations: Sequence[Perturbation],
    folder: Path,
    device: torch.device | str = "cpu",
) -> None:
    """Measure a model under each perturbation; what is in the folder already is not measured again.

    Args:
        subject: the model.
        dataset: the interactions that its questions are from.
        inference: how the model is used.
        asked: which questions, and how often noise is drawn.
        perturbations: what is done to the histories.
        folder: the study's.
        device: where to compute.

    Raises:
        MiqrecError: the folder has measurements of another model or other questions, another process is at
            work there, the model can't be measured on these data or can't be used in this way.
    """
    artifact = subject.artifact
    check_mix(artifact.model, inference)
    loss = artifact.config.training.loss if artifact.config.training else None
    check_temperature(inference, loss)
    questions, fingerprint = _questions(artifact, dataset, asked)
    setting = setting_name(artifact.model, inference)
    place = folder / VALUES / subject.system / f"seed-{subject.seed}" / setting
    about = About(
        asked=asked,
        system=subject.system,
        seed=subject.seed,
        inference=inference,
        fingerprint=fingerprint,
        weights=_checksum(artifact),
    )
    request = ListRequest(artifact.model, artifact.popularity, LISTED, inference)
    with locked(place):
        _claim(place, about)
        clean = _clean_answers(request, questions, artifact, place / CLEAN_FILE, device)
        for perturbation in perturbations:
            path = place / f"{perturbation.name}.parquet"
            if not path.exists():
                noise = Noise(perturbation, artifact.counts, asked.seed, 0)
                frame = measure_perturbation(request, questions, clean, noise, asked.draws, device)
                _write(frame, path)


def read_values(place: Path, noises: Iterable[str]) -> pl.DataFrame:
    """Read the measurements of a model in one setting under these noises."""
    return pl.concat([read_frame(place / f"{noise}.parquet") for noise in noises])


def read_about(place: Path) -> About:
    """Read what a folder of measurements is about."""
    return read_config(place / ABOUT, About, "a measurement's")


def read_clean(place: Path) -> pl.DataFrame:
    """Read lists and ranks without noise: `question`, `user`, `rank` and `list`, of external ids."""
    return read_frame(place / CLEAN_FILE)


def measured_noises(place: Path) -> list[str]:
    """List the noises that a model was measured under in one setting."""
    return sorted(path.stem for path in place.glob("*.parquet") if path.name != CLEAN_FILE)


def _questions(artifact: Artifact, dataset: Dataset, asked: Asked) -> tuple[Questions, str]:
    """Ask a model what its data held out, in its own item numbers."""
    if artifact.config.trained_on != "train":
        raise MiqrecError(
            "a model that was fitted on everything, or only pre-trained, has no held-out items to measure "
            "its stability on; give the run's own model"
        )
    splits = split(dataset, artifact.config.split, artifact.catalogue)
    if splits.fingerprint != artifact.config.fingerprint:
        warnings.warn(
            "this is not the data that the model was fitted on; what is held out here may have been part of "
            "its training",
            MiqrecWarning,
            stacklevel=3,
        )
    questions = splits.held(asked.part)
    if asked.users is not None:
        questions = sample_users(questions, asked.users, asked.seed)
    return questions, splits.fingerprint


def _claim(place: Path, about: About) -> None:
    """Make the folder this measurement's, or see that it already is."""
    if not (place / ABOUT).exists():
        write_json(place / ABOUT, about.model_dump(mode="json"))
    elif read_about(place) != about:
        raise MiqrecError(
            f"{place} holds measurements of another model, other questions or other draws; choose a new "
            "folder for --out"
        )


def _clean_answers(
    request: ListRequest,
    questions: Questions,
    artifact: Artifact,
    path: Path,
    device: torch.device | str,
) -> Answers:
    """Read what the model answers without noise, or ask it."""
    if path.exists():
        frame = read_frame(path)
        ids = torch.from_numpy(artifact.catalogue.encode(frame["list"].explode())).long()
        return Answers(ids.reshape(frame.height, -1), frame["rank"].to_torch())
    clean = answers(request, questions, device=device)
    rows = {"user": questions.users, "rank": clean.ranks.numpy()}
    frame = pl.DataFrame(rows | {"list": _external(clean.lists, artifact)})
    _write(frame.with_row_index("question"), path)
    return clean


def _external(lists: Tensor, artifact: Artifact) -> pl.Series:
    """Write (n, k) lists in external ids, null where there are fewer items."""
    places = pl.Series(lists.flatten().numpy() - 1)
    items = artifact.catalogue.frame["item"].gather(places.set(places < 0, None))
    return items.reshape((-1, lists.shape[1])).arr.to_list()


def _write(frame: pl.DataFrame, path: Path) -> None:
    with replacing(path) as partial:
        frame.write_parquet(partial)


def _checksum(artifact: Artifact) -> str:
    """SHA-256 (hex) of the model's weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(artifact.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
