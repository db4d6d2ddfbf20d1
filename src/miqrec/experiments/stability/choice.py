"""Choose on validation how a system is used: the steadiest mixture that is nearly as accurate as the best."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import polars as pl
import torch

from miqrec.config import Config
from miqrec.data.dataset import Dataset
from miqrec.data.splitting import split
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig, Mix, with_changes
from miqrec.evaluation.metrics import metric_values
from miqrec.evaluation.scoring import check_mix
from miqrec.evaluation.temperature import WITHOUT_PROBABILITIES, fit_temperature
from miqrec.experiments.stability.findings import TESTED
from miqrec.experiments.stability.measurements import read_clean, read_values
from miqrec.experiments.stability.measuring import measure
from miqrec.experiments.stability.prepared import Prepared, explicit_ways
from miqrec.models.protocol import learns
from miqrec.runs.artifact import Artifact
from miqrec.stability.candidates import candidates
from miqrec.stability.perturbations import Perturbation

NDCG = TESTED[1]


class Candidate(Config):
    """A way to use a system, and how it does on validation, on average over seeds."""

    inference: InferenceConfig
    clean: float  # NDCG@10
    frbo: (
        float | None
    )  # under noise, with the clean lists; None where too much accuracy is given up
    noisy: float | None  # NDCG@10 under noise


class Choice(Config):
    """What was chosen for a system, and among what."""

    system: str
    trade: float
    chosen: InferenceConfig
    candidates: tuple[Candidate, ...]


class Trained(NamedTuple):
    """A model of a system, where it was saved, and the data that it is asked about."""

    prepared: Prepared
    folder: Path
    dataset: Dataset

    @property
    def artifact(self) -> Artifact:
        """The model itself."""
        return self.prepared.subject.artifact


def choose(
    models: Sequence[Trained],
    mixes: Sequence[str],
    perturbations: Sequence[Perturbation],
    trade: float,
    folder: Path,
    device: torch.device | str = "cpu",
) -> Choice:
    """Choose the mixture with the highest FRBO@10 whose clean NDCG@10 is nearly the best.

    All are means over the models. Models trained by bce or gbce get a temperature first. Noise is measured
    for those mixtures alone that are accurate enough.

    Args:
        models: of one system, with a seed each, which are asked the same questions of validation.
        mixes: the mixtures to choose from; none for `miqrec.stability.candidates`, and for what the models
            were trained with.
        perturbations: the noises over which FRBO is averaged.
        trade: the share of the best clean NDCG@10 that may be given up.
        folder: keeps the measurements; what it has is not measured again.
        device: where to compute.

    Raises:
        MiqrecError: as `explicit_ways` and `measure`.
    """
    ways = _ways(models[0].artifact, mixes, _temperature(models, device))
    study = partial(_measured, models, folder, device)
    clean = [_mean(map(_ndcg, map(read_clean, places))) for places in study(ways, ())]
    allowed = [
        way for way, ndcg in zip(ways, clean, strict=True) if ndcg >= (1 - trade) * max(clean)
    ]
    noisy = dict(zip(allowed, study(allowed, perturbations), strict=True))
    noises = [perturbation.name for perturbation in perturbations]
    found = tuple(
        _candidate(way, ndcg, [read_values(place, noises) for place in noisy.get(way, ())])
        for way, ndcg in zip(ways, clean, strict=True)
    )
    chosen = max(found, key=lambda candidate: candidate.frbo or 0.0).inference
    system = models[0].prepared.subject.system
    return Choice(system=system, trade=trade, chosen=chosen, candidates=found)


def _measured(
    models: Sequence[Trained],
    folder: Path,
    device: torch.device | str,
    ways: Sequence[InferenceConfig],
    perturbations: Sequence[Perturbation],
) -> list[tuple[Path, ...]]:
    """Measure all models, and return the folders of each way to use them."""
    places = (measure(model.prepared, ways, perturbations, folder, device) for model in models)
    return list(zip(*places, strict=True))


def _candidate(way: InferenceConfig, clean: float, noisy: Sequence[pl.DataFrame]) -> Candidate:
    """Average over models; where none was measured under noise, the way gives up too much accuracy."""
    if not noisy:
        return Candidate(inference=way, clean=clean, frbo=None, noisy=None)
    frbo = _mean(frame["frbo"].to_numpy().mean() for frame in noisy)
    return Candidate(inference=way, clean=clean, frbo=frbo, noisy=_mean(map(_ndcg, noisy)))


def _ways(
    artifact: Artifact, mixes: Sequence[str], temperature: float | None
) -> list[InferenceConfig]:
    """List the ways to use a model among which one is chosen."""
    model = artifact.model
    listed: list[Mix] = [*mixes] or [*candidates(model.max_length)]
    if not mixes and hasattr(model, "mixture"):
        listed.append("trained")
    saved = with_changes(artifact.config.inference, temperature=temperature)
    return explicit_ways(artifact, [with_changes(saved, mix=mix) for mix in listed])


def check_choosable(model: Trained, mixes: Sequence[str]) -> None:
    """See that a model has several answers to a history, among whose mixtures one could be chosen.

    Raises:
        MiqrecError: it only counts, or doesn't have the answers of one of the mixtures.
    """
    if not learns(model.artifact.model):
        raise MiqrecError(
            f"{model.folder} holds a model that only counts: it has a single answer to a history, so there "
            "is no mixture to choose; leave it out"
        )
    for mix in mixes:
        check_mix(model.artifact.model, with_changes(model.artifact.config.inference, mix=mix))


def _temperature(models: Sequence[Trained], device: torch.device | str) -> float | None:
    """Choose a temperature where one is needed: the geometric mean of those that fit each model best."""
    config = models[0].artifact.config
    by_probabilities = config.training is None or config.training.loss not in WITHOUT_PROBABILITIES
    if by_probabilities or config.inference.temperature != 1:
        return None
    return math.exp(fmean(math.log(_best_temperature(model, device)) for model in models))


def _best_temperature(model: Trained, device: torch.device | str) -> float:
    artifact = model.artifact
    questions = split(model.dataset, artifact.config.split, artifact.catalogue).held("valid")
    return fit_temperature(artifact.model, questions, artifact.config.inference, device=device)


def _ndcg(frame: pl.DataFrame) -> float:
    """Average over questions and draws."""
    return metric_values(frame["rank"].to_torch(), NDCG).mean().item()


def _mean(values: Iterable[float]) -> float:
    return fmean(float(value) for value in values)
