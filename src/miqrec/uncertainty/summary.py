"""What the signals are worth: do they tell hits from misses, are they calibrated, do they foresee a turn?"""

import numpy as np
import polars as pl
from torch import Tensor

from miqrec.evaluation.metrics import hit_rate, ndcg
from miqrec.uncertainty.calibration import Values, aurc, auroc, calibration_error
from miqrec.uncertainty.conformal import NONCONFORMITIES, Nonconformity, conformal_threshold

SURE = ("margin", "list_probability")
"""Signals that are higher where a list is surer; the others are higher where it is less sure."""

OUTCOMES = {"user", *NONCONFORMITIES}
"""Columns of `measure_signals` that are no signals."""


def hits(frame: pl.DataFrame, k: int) -> Values:
    """Return HR@k of each question from the ranks of `measure_signals`, (n,)."""
    return hit_rate(_ranks(frame), k).numpy()


def judge_signals(frame: pl.DataFrame, k: int, similarity: Values | None = None) -> pl.DataFrame:
    """Say of each signal how it tells hits from misses and steady lists from others.

    Args:
        frame: what `measure_signals` returned, and perhaps other signals as further columns.
        k: the length of the lists.
        similarity: (n,) of each list with itself under noise, such as its mean FRBO.

    Returns:
        a frame with a row for each signal, and one for "none", which says nothing: `signal`, `AUROC`, the
        areas under risk and coverage `AURC HR` and `AURC NDCG` (lower is better), and `instability`,
        the rank correlation of the uncertainty with 1 - similarity (Spearman's).
    """
    ranks = _ranks(frame)
    hit, gain = hit_rate(ranks, k).numpy(), ndcg(ranks, k).numpy()
    rows = []
    for signal in ["none", *(name for name in frame.columns if name not in OUTCOMES)]:
        sure = confidence(frame, signal)
        rows.append(
            {
                "signal": signal,
                "AUROC": auroc(sure, hit > 0),
                "AURC HR": aurc(sure, 1 - hit),
                "AURC NDCG": aurc(sure, 1 - gain),
                "instability": None if signal == "none" else _spearman(sure, similarity),
            }
        )
    return pl.DataFrame(rows)


def confidence(frame: pl.DataFrame, signal: str) -> Values:
    """Return a signal as a confidence, higher where the list is surer: (n,)."""
    if signal == "none":
        return np.zeros(frame.height)
    values = frame[signal].to_numpy().astype(np.float64)
    return values if signal in SURE else -values


def judge_calibration(frame: pl.DataFrame, k: int) -> dict[str, float]:
    """Compare how likely lists are said to hit with how often they do: means, and the error of ten bins."""
    said, hit = frame["list_probability"].to_numpy().astype(np.float64), hits(frame, k)
    error = calibration_error(said, hit > 0)
    return {"said": float(said.mean()), "hit": float(hit.mean()), "ECE": error}


def thresholds(validation: pl.DataFrame, coverage: float) -> dict[Nonconformity, float]:
    """Find the threshold of each nonconformity from what `measure_signals` says of validation."""
    return {
        kind: conformal_threshold(validation[kind].to_numpy().astype(np.float64), coverage)
        for kind in NONCONFORMITIES
    }


def judge_lists(
    test: pl.DataFrame, lengths: pl.DataFrame, limits: dict[Nonconformity, float]
) -> pl.DataFrame:
    """Say how often conformal lists hold the next item, and how long they are.

    Args:
        test: what `measure_signals` says of the test questions.
        lengths: what `measure_lists` says of them.
        limits: the thresholds of both.

    Returns:
        a frame with a row for each `nonconformity`: its `threshold`, the `coverage`, and the `mean`,
        `median` and `longest` length.
    """
    return pl.DataFrame(
        {
            "nonconformity": kind,
            "threshold": limits[kind],
            "coverage": float((test[kind] <= limits[kind]).mean()),  # type: ignore[arg-type]
            "mean": float(lengths[kind].mean()),  # type: ignore[arg-type]
            "median": float(lengths[kind].median()),  # type: ignore[arg-type]
            "longest": int(lengths[kind].max()),  # type: ignore[arg-type]
        }
        for kind in NONCONFORMITIES
    )


def _ranks(frame: pl.DataFrame) -> Tensor:
    ranks = frame["rank"].to_numpy()
    return pl.Series(np.where(np.isfinite(ranks), ranks, 2**31)).cast(pl.Int64).to_torch()


def _spearman(sure: Values, similarity: Values | None) -> float | None:
    if similarity is None:
        return None
    pairs = pl.DataFrame({"unsure": -sure, "moved": 1 - similarity})
    return float(pairs.select(pl.corr("unsure", "moved", method="spearman")).item())
