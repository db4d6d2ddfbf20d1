"""A system's uncertainty on a data set: everything from validation, everything measured on test."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from miqrec.data.dataset import Dataset
from miqrec.data.histories import Questions, some_questions
from miqrec.data.split_config import Held
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import with_changes
from miqrec.evaluation.top_lists import ListRequest
from miqrec.experiments.report.drawing import save_figure
from miqrec.experiments.report.uncertainty_figure import draw_uncertainty
from miqrec.experiments.seeds import check_seeds
from miqrec.models.protocol import learns
from miqrec.recommender import Recommender
from miqrec.runs.artifact import Artifact, ArtifactConfig
from miqrec.stability.measure import measure_stability
from miqrec.stability.perturbations import Perturbation
from miqrec.system.files import make_folder
from miqrec.system.tables import write_frame
from miqrec.uncertainty.calibration import BINS, Values
from miqrec.uncertainty.measure import measure_ensemble, measure_lists, measure_signals
from miqrec.uncertainty.summary import judge_calibration, judge_lists, judge_signals, thresholds


class Judged(NamedTuple):
    """What was found, a row or several for each seed."""

    signals: pl.DataFrame
    calibration: pl.DataFrame
    lists: pl.DataFrame
    measured: list[pl.DataFrame]  # of each seed, the signals of its test questions
    raw: list[pl.DataFrame]  # the same before temperature scaling


TABLES = ("signals", "calibration", "lists")
"""Which parts of `Judged` are tables to read."""


class _Seed(NamedTuple):
    """A trained model with its data, and its lists with a temperature and without."""

    recommender: Recommender
    dataset: Dataset
    raw: ListRequest
    scaled: ListRequest


def judge_system(
    systems: Sequence[tuple[Recommender, Dataset]],
    *,
    k: int = 10,
    mix: str | Sequence[float] | None = None,
    coverage: float = 0.9,
    draws: int = 3,
) -> Judged:
    """Judge all signals of uncertainty, calibration and conformal lists.

    The temperature and the thresholds of conformal lists are chosen on validation. Instability is that of
    the lists after a random item at the end of the history.

    Args:
        systems: seeds of one system, each with the data that it was trained on.
        k: the length of the lists.
        mix: the weights of the newest answers; by default the models' own.
        coverage: how likely conformal lists are to hold the next item.
        draws: of the random item.

    Raises:
        MiqrecError: a model only counts, the models are no seeds of one system, or fewer than ten test
            histories have an item that they know.
    """
    for recommender, _ in systems:
        _check_softmax(recommender.artifact)
    check_seeds([_with_mix(recommender.artifact.config, mix) for recommender, _ in systems])
    tests = [_questions(recommender, dataset, "test") for recommender, dataset in systems]
    if any(not np.array_equal(tests[0].targets, test.targets) for test in tests):
        raise MiqrecError("the runs are asked about different data; name the data by --data")
    if len(tests[0].targets) < BINS:
        raise MiqrecError(
            f"{len(tests[0].targets)} test histories have an item that the model knows, too few to judge how "
            f"sure its lists are; give data with {BINS} or more"
        )
    seeds = [_prepared(recommender, dataset, k, mix) for recommender, dataset in systems]
    device = seeds[0].recommender.device
    raw = [
        measure_signals(seed.raw, q, device=device) for seed, q in zip(seeds, tests, strict=True)
    ]
    scaled = [
        measure_signals(seed.scaled, q, device=device) for seed, q in zip(seeds, tests, strict=True)
    ]
    if len(seeds) > 1:
        together = measure_ensemble([seed.scaled for seed in seeds], tests[0], device=device)
        scaled = [frame.with_columns(together["ensemble"]) for frame in scaled]
    signals, calibration, lists = [], [], []
    for seed, test, before, after in zip(seeds, tests, raw, scaled, strict=True):
        number = pl.lit(_number(seed)).alias("seed")
        similarity = _similarity(seed, test, draws)
        signals.append(judge_signals(after, k, similarity).select(number, pl.all()))
        calibration.append(_calibration(seed, before, after, k).select(number, pl.all()))
        lists.append(_lists(seed, test, after, coverage).select(number, pl.all()))
    return Judged(pl.concat(signals), pl.concat(calibration), pl.concat(lists), scaled, raw)


def write_judged(judged: Judged, folder: Path, k: int) -> None:
    """Write the three tables as CSV files, and the curves of risk and reliability as one figure."""
    make_folder(folder)
    for name in TABLES:
        write_frame(getattr(judged, name), folder / f"{name}.csv")
    save_figure(draw_uncertainty(judged.measured, judged.raw, k), folder / "uncertainty.svg")


def _check_softmax(artifact: Artifact) -> None:
    if not learns(artifact.model):
        raise MiqrecError(
            "uncertainty is read off the softmax of a model's scores, and "
            f"{artifact.config.model.name} has none; give a model that is trained"
        )


def _with_mix(config: ArtifactConfig, mix: str | Sequence[float] | None) -> ArtifactConfig:
    return config.model_copy(update={"inference": with_changes(config.inference, mix=mix)})


def _prepared(
    recommender: Recommender, dataset: Dataset, k: int, mix: str | Sequence[float] | None
) -> _Seed:
    artifact = recommender.artifact
    temperature = recommender.fit_temperature(data=dataset, mix=mix)
    inference = _with_mix(artifact.config, mix).inference
    raw = ListRequest(artifact.model, artifact.popularity, k, inference)
    scaled = raw._replace(inference=with_changes(inference, temperature=temperature))
    return _Seed(recommender, dataset, raw, scaled)


def _questions(recommender: Recommender, dataset: Dataset, part: Held) -> Questions:
    """Take the questions that the model answers: popularity, which answers the others, is never sure."""
    questions = recommender.questions(part, data=dataset)
    rows = np.flatnonzero(questions.lengths)
    if not len(rows):
        raise MiqrecError(
            "no history has an item that the model knows, so there is no list of its own to judge; give the "
            "data that the model was trained on, or some with the same items"
        )
    return some_questions(questions, rows)


def _number(seed: _Seed) -> int | None:
    training = seed.recommender.artifact.config.training
    return training.seed if training else None


def _similarity(seed: _Seed, questions: Questions, draws: int) -> Values:
    """Measure the mean FRBO of each list with those after a random item, (n,)."""
    noise = [Perturbation(kind="random-added")]
    counts, device = seed.recommender.artifact.counts, seed.recommender.device
    frame = measure_stability(seed.scaled, questions, counts, noise, draws=draws, device=device)
    means = frame.group_by("question").agg(pl.col("frbo").mean()).sort("question")
    return means["frbo"].to_numpy()


def _calibration(seed: _Seed, before: pl.DataFrame, after: pl.DataFrame, k: int) -> pl.DataFrame:
    rows = (("before", seed.raw, before), ("after", seed.scaled, after))
    return pl.DataFrame(
        {"scaling": when, "temperature": request.inference.temperature}
        | judge_calibration(frame, k)
        for when, request, frame in rows
    )


def _lists(seed: _Seed, test: Questions, after: pl.DataFrame, coverage: float) -> pl.DataFrame:
    device = seed.recommender.device
    questions = _questions(seed.recommender, seed.dataset, "valid")
    validation = measure_signals(seed.scaled, questions, device=device)
    limits = thresholds(validation, coverage)
    return judge_lists(after, measure_lists(seed.scaled, test, limits, device=device), limits)
