"""Ask a trained model for its lists and ranks with and without noise, and keep what it answers."""

import hashlib
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import polars as pl
import torch
from torch import Tensor

from miqrec.data.dataset import Dataset
from miqrec.data.histories import Questions
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import check_mix
from miqrec.evaluation.temperature import check_temperature
from miqrec.evaluation.top_lists import ListRequest
from miqrec.experiments.stability.measurements import CLEAN_FILE, About, Asked, claim
from miqrec.models.protocol import Model
from miqrec.runs.artifact import Artifact
from miqrec.stability.measure import (
    LISTED,
    Answers,
    Noise,
    answers_each_way,
    measure_noise,
)
from miqrec.stability.perturbations import Perturbation
from miqrec.stability.sampling import sample_users
from miqrec.system.files import replacing
from miqrec.system.locks import locked
from miqrec.system.tables import read_frame


class Subject(NamedTuple):
    """A trained model that is measured."""

    system: str
    seed: int
    artifact: Artifact


def explicit(model: Model, inference: InferenceConfig) -> InferenceConfig:
    """Say which answers a model mixes where its config leaves that to the model."""
    mix = inference.mix or ("trained" if hasattr(model, "mixture") else (1.0,))
    return inference.model_copy(update={"mix": mix})


def measure_subject(
    subject: Subject,
    dataset: Dataset,
    inferences: Sequence[InferenceConfig],
    asked: Asked,
    perturbations: Sequence[Perturbation],
    folder: Path,
    device: torch.device | str = "cpu",
) -> list[Path]:
    """Measure a model under each perturbation; what is in the folder already is not measured again.

    Args:
        subject: the model.
        dataset: the interactions that its questions are from.
        inferences: the ways to use the model, which share most of the work.
        asked: which questions, and how often noise is drawn.
        perturbations: what is done to the histories.
        folder: the study's.
        device: where to compute.

    Returns:
        The folders with the measurements of this model, one for each way to use it.

    Raises:
        MiqrecError: the folder has measurements of another model or other questions, another process is at
            work there, the model can't be measured on these data or can't be used in this way.
    """
    artifact = subject.artifact
    ways = [_checked(artifact, inference) for inference in inferences]
    questions, fingerprint = _questions(artifact, dataset, asked)
    about = _about(subject, asked, fingerprint)
    places = {claim(folder, about.model_copy(update={"inference": way})): way for way in ways}
    task = _Task(artifact, questions, asked, places, device)
    with ExitStack() as locks:
        for place in places:
            locks.enter_context(locked(place))
        _measure_clean(task)
        for perturbation in perturbations:
            _measure_noise(task, perturbation)
    return list(places)


class _Task(NamedTuple):
    """What is asked of a model, and the folder for each way to use it."""

    artifact: Artifact
    questions: Questions
    asked: Asked
    places: dict[Path, InferenceConfig]
    device: torch.device | str

    @property
    def request(self) -> ListRequest:
        """What stays the same for all ways to use the model."""
        return ListRequest(self.artifact.model, self.artifact.popularity, LISTED)

    def missing(self, file: str) -> dict[Path, InferenceConfig]:
        """Return the places that don't have a file yet."""
        return {place: way for place, way in self.places.items() if not (place / file).exists()}


def _measure_clean(task: _Task) -> None:
    """Ask the model what it answers without noise, in those ways that it was not asked in before."""
    if missing := task.missing(CLEAN_FILE):
        ways = list(missing.values())
        found = answers_each_way(task.request, ways, task.questions, device=task.device)
        for place, (lists, ranks) in zip(missing, found, strict=True):
            columns = {"user": task.questions.users, "rank": ranks.numpy()}
            frame = pl.DataFrame(columns | {"list": _external(lists, task.artifact)})
            _write(frame.with_row_index("question"), place / CLEAN_FILE)


def _measure_noise(task: _Task, perturbation: Perturbation) -> None:
    """Do the same under noise."""
    file = f"{perturbation.name}.parquet"
    if missing := task.missing(file):
        noise = Noise(perturbation, task.artifact.counts, task.asked.seed, 0)
        clean = [_read_clean(place, task.artifact) for place in missing]
        ways, draws = list(missing.values()), task.asked.draws
        frames = measure_noise(task.request, ways, task.questions, clean, noise, draws, task.device)
        for place, frame in zip(missing, frames, strict=True):
            _write(frame, place / file)


def _about(subject: Subject, asked: Asked, fingerprint: str) -> About:
    return About(
        asked=asked,
        system=subject.system,
        seed=subject.seed,
        inference=subject.artifact.config.inference,
        fingerprint=fingerprint,
        weights=_checksum(subject.artifact),
    )


def _checked(artifact: Artifact, inference: InferenceConfig) -> InferenceConfig:
    """See that the model can be used in this way, and say which answers that mixes."""
    training = artifact.config.training
    way = explicit(artifact.model, inference)
    check_mix(artifact.model, way)
    check_temperature(way, training.loss if training else None)
    return way


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


def _read_clean(place: Path, artifact: Artifact) -> Answers:
    frame = read_frame(place / CLEAN_FILE)
    ids = torch.from_numpy(artifact.catalogue.encode(frame["list"].explode())).long()
    return Answers(ids.reshape(frame.height, -1), frame["rank"].to_torch())


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
