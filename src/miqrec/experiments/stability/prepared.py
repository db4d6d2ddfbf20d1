"""A trained model made ready to be measured: its questions, and what its measurements will be about."""

import hashlib
import warnings
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from miqrec.data.dataset import Dataset
from miqrec.data.histories import Questions
from miqrec.data.split_config import SplitConfig
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import check_mix
from miqrec.evaluation.temperature import check_temperature
from miqrec.experiments.stability.measurements import About, Asked
from miqrec.experiments.stability.planted import known_truth
from miqrec.runs.artifact import Artifact
from miqrec.stability.measure import check_questions
from miqrec.stability.planted import PlantedTruth
from miqrec.stability.sampling import sample_users


class Subject(NamedTuple):
    """A trained model that is measured."""

    system: str
    seed: int
    artifact: Artifact
    members: int = 1  # models that answer together; ensembles are numbered instead of seeded


class Prepared(NamedTuple):
    """A trained model and what it is asked."""

    subject: Subject
    questions: Questions
    about: About  # of the model as it was saved; each way to use it has its own
    truth: PlantedTruth | None = None  # of the demo's questions


def prepare(subject: Subject, dataset: Dataset, asked: Asked) -> Prepared:
    """Ask a model what its data held out, in its own item numbers; nothing is measured yet.

    Args:
        subject: the model.
        dataset: the interactions that its questions are from.
        asked: which questions, and how often noise is drawn; more users than there are stand for all.

    Raises:
        MiqrecError: the model can't be measured on these data.
    """
    artifact = subject.artifact
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
            stacklevel=2,
        )
    questions = splits.held(asked.part)
    check_questions(questions)
    if asked.users is not None and asked.users >= len(np.unique(questions.users)):
        asked = asked.model_copy(update={"users": None})
    if asked.users is not None:
        questions = sample_users(questions, asked.users, asked.seed)
    about = _about(subject, asked, splits.fingerprint)
    asks_for_last = asked.part == "test" and artifact.config.split == SplitConfig()
    truth = known_truth(dataset, artifact.catalogue, questions) if asks_for_last else None
    return Prepared(subject, questions, about, truth)


def explicit_ways(
    artifact: Artifact, inferences: Iterable[InferenceConfig]
) -> list[InferenceConfig]:
    """Say which answers are mixed where that is left to the model, and drop repeats.

    Raises:
        MiqrecError: the model can't be used in one of these ways.
    """
    training = artifact.config.training
    default = "trained" if hasattr(artifact.model, "mixture") else (1.0,)
    ways = [
        inference.model_copy(update={"mix": inference.mix or default}) for inference in inferences
    ]
    for way in ways:
        check_mix(artifact.model, way)
        check_temperature(way, training.loss if training else None)
    return list(dict.fromkeys(ways))


def _about(subject: Subject, asked: Asked, fingerprint: str) -> About:
    return About(
        asked=asked,
        system=subject.system,
        seed=subject.seed,
        inference=subject.artifact.config.inference,
        fingerprint=fingerprint,
        weights=_checksum(subject.artifact),
        members=subject.members,
    )


def _checksum(artifact: Artifact) -> str:
    """SHA-256 (hex) of the model's weights, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(artifact.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
