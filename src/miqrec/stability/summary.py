"""What the measurements of a system amount to: means with intervals over users and seeds.

A system's measurements are kept by noise and metric, each as a (seeds, users) array like everywhere else in
the statistics; the noise `CLEAN` has the values without any. Draws are averaged before anything is tested.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import metric_values
from miqrec.statistics import (
    LEVEL,
    per_user,
    ratio,
    ratio_interval,
    resampled_means,
)
from miqrec.statistics.values import Values

CLEAN = "clean"
SEED_FLOOR = "another-seed"
"""The noise that is none: the same system trained from another seed."""
BASELINE = "the-baseline"
"""Nor is this one: the lists of the baseline's same seed, to which those of a system are compared. For the
same system trained on perturbed data this is its rank list sensitivity."""

Key = tuple[str, str]
"""A noise and a metric."""


class Measured(NamedTuple):
    """A system, measured with several seeds on the same questions."""

    seeds: tuple[int, ...]
    values: dict[Key, Values]  # (seeds, users) each
    pairs: dict[Key, Values]  # (1, users): models compared in pairs, as those of two seeds


def metrics(k: int) -> tuple[str, ...]:
    """Name what is measured under noise; all but the similarities have a clean value too."""
    return f"FRBO@{k}", f"Jaccard@{k}", "rank", f"HR@{k}", f"NDCG@{k}"


def measured(
    by_seed: Mapping[int, pl.DataFrame], k: int, pairs: Mapping[str, pl.DataFrame] | None = None
) -> Measured:
    """Arrange what `measure_stability` returned for each seed of a system.

    Args:
        by_seed: a frame a seed, of the same questions and noises.
        k: the length of the lists.
        pairs: what `seed_floor` and `rank_list_sensitivity` returned, as `SEED_FLOOR` and `BASELINE`.

    Raises:
        MiqrecError: there is no seed, or the questions or noises of two differ.
    """
    frames = [by_seed[seed] for seed in sorted(by_seed)]
    _check_alike(frames)
    values: dict[Key, list[Values]] = {}
    for frame in frames:
        for key, of_questions in _question_values(frame, k).items():
            values.setdefault(key, []).append(of_questions)
    users = _users(frames[0])
    arranged = {key: per_user(np.stack(rows), users) for key, rows in values.items()}
    similarities = {
        key: values
        for noise, frame in (pairs or {}).items()
        for key, values in _similarities(noise, frame, k).items()
    }
    return Measured(tuple(sorted(by_seed)), arranged, similarities)


def summarise(system: Measured) -> pl.DataFrame:
    """Average over users and seeds, with 95 % intervals over both.

    Returns:
        a frame with a row for each noise and metric: `noise`, `metric`, `mean`, `low`, `high`, and, where
        there is a clean value that isn't 0, `share` of it with `share_low` and `share_high`.
    """
    drawn = dict(
        zip(system.values, resampled_means([*system.values.values()], pair_seeds=True), strict=True)
    )
    if system.pairs:
        of_pairs = resampled_means([*system.pairs.values()], pair_seeds=True)
        drawn |= dict(zip(system.pairs, of_pairs, strict=True))
    rows = [
        {"noise": noise, "metric": metric, "mean": float(values.mean())}
        | bounds(drawn[noise, metric])
        | _share(system, drawn, (noise, metric))
        for (noise, metric), values in (system.values | system.pairs).items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _check_alike(frames: Sequence[pl.DataFrame]) -> None:
    if not frames:
        raise MiqrecError("no seed of the system was measured; give a frame for each")
    asked = [(set(frame["noise"].unique()), _users(frame).tolist()) for frame in frames]
    if any(other != asked[0] for other in asked):
        raise MiqrecError(
            "the seeds of a system can't be averaged where their questions or noises differ; measure all of "
            "them alike"
        )


def _question_values(frame: pl.DataFrame, k: int) -> dict[Key, Values]:
    """Average over draws: (questions,) by noise and metric."""
    frame = frame.sort("noise", "draw", "question")
    by_noise = {str(noise): part for (noise,), part in frame.group_by("noise", maintain_order=True)}
    values: dict[Key, Values] = {}
    for noise, part in by_noise.items():
        similarities = zip(metrics(k)[:2], ("frbo", "jaccard"), strict=True)
        values |= {(noise, metric): _over_draws(part, part[name]) for metric, name in similarities}
        values |= _accuracy(noise, part, "rank", k)
    return values | _accuracy(CLEAN, next(iter(by_noise.values())), "clean_rank", k)


def _accuracy(noise: str, part: pl.DataFrame, column: str, k: int) -> dict[Key, Values]:
    ranks = part[column].to_torch()
    values = {"rank": ranks.double()} | {
        name: metric_values(ranks, name) for name in metrics(k)[3:]
    }
    return {
        (noise, name): _over_draws(part, pl.Series(found.numpy())) for name, found in values.items()
    }


def _over_draws(part: pl.DataFrame, values: pl.Series) -> Values:
    """Average (draws * questions,) values, which are in order of draw, over draws."""
    averages: Values = values.to_numpy().reshape(part["draw"].n_unique(), -1).mean(0)
    return averages


def _users(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    questions = frame.select("question", "user").unique().sort("question")
    return questions["user"].to_numpy()


def _similarities(noise: str, pairs: pl.DataFrame, k: int) -> dict[Key, Values]:
    """Average over pairs of models: (1, users) by noise and metric."""
    averages = pairs.group_by("question", "user").agg(pl.col("frbo", "jaccard").mean())
    averages = averages.sort("question")
    users = averages["user"].to_numpy()
    return {
        (noise, metric): per_user(averages[name].to_numpy()[None], users)
        for metric, name in zip(metrics(k)[:2], ("frbo", "jaccard"), strict=True)
    }


def bounds(drawn: Values) -> dict[str, float]:
    """Find the `low` and `high` between which 95 % of (draws,) means lie."""
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    return {"low": float(low), "high": float(high)}


def _share(system: Measured, drawn: Mapping[Key, Values], key: Key) -> dict[str, float | None]:
    """Divide by the clean value, where noise is measured that has one to divide by."""
    clean = (CLEAN, key[1])
    if key[0] == CLEAN or clean not in system.values or not system.values[clean].any():
        return {"share": None, "share_low": None, "share_high": None}
    low, high = ratio_interval(drawn[key], drawn[clean])
    share = ratio(float(system.values[key].mean()), float(system.values[clean].mean()))
    return {"share": share, "share_low": low, "share_high": high}
