"""Ask a trained model for its lists and ranks with and without noise, and keep what it answers."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import polars as pl
import torch
from torch import Tensor

from miqrec.data.histories import Questions
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.top_lists import ListRequest
from miqrec.experiments.stability.measurements import CLEAN_FILE, Asked, claimed
from miqrec.experiments.stability.planted import PLANTED_FILE
from miqrec.experiments.stability.prepared import Prepared
from miqrec.runs.artifact import Artifact
from miqrec.stability.measure import (
    LISTED,
    Answers,
    Noise,
    answers_each_way,
    measure_noise,
)
from miqrec.stability.perturbations import Perturbation
from miqrec.stability.planted import PlantedTruth, measure_planted
from miqrec.system.files import replacing
from miqrec.system.tables import read_frame


def measure(
    prepared: Prepared,
    ways: Sequence[InferenceConfig],
    perturbations: Sequence[Perturbation],
    folder: Path,
    device: torch.device | str = "cpu",
) -> list[Path]:
    """Measure a model under each perturbation; what is in the folder already is not measured again.

    Args:
        prepared: the model with its questions.
        ways: the explicit ways to use the model, which share most of the work.
        perturbations: what is done to the histories.
        folder: the study's, whose measurements are of the same questions (`check_alike`).
        device: where to compute.

    Returns:
        The folders with the measurements of this model, one for each way to use it.

    Raises:
        MiqrecError: as `claimed` and `perturb`.
    """
    subject, questions, about, truth = prepared
    with ExitStack() as locks:
        places = {
            locks.enter_context(claimed(folder, about.model_copy(update={"inference": way}))): way
            for way in ways
        }
        task = _Task(subject.artifact, questions, about.asked, places, device)
        _measure_clean(task)
        for perturbation in perturbations:
            _measure_noise(task, perturbation)
        if truth:
            _measure_interest(task, truth)
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


def _measure_interest(task: _Task, truth: PlantedTruth) -> None:
    """Set lists beside what users truly want."""
    for place, way in task.missing(PLANTED_FILE).items():
        request = task.request._replace(inference=way)
        frame = measure_planted(request, task.questions, truth, device=task.device)
        _write(frame, place / PLANTED_FILE)


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
