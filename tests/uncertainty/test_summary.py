"""Signals, calibration and lists judged, on numbers that can be followed by eye."""

import math

import numpy as np
import polars as pl
import pytest

from miqrec.uncertainty.summary import (
    confidence,
    hits,
    judge_calibration,
    judge_lists,
    judge_signals,
    thresholds,
)

MEASURED = pl.DataFrame(
    {
        "user": [1, 2, 3, 4],
        "rank": [1.0, 20.0, 2.0, math.inf],
        "probability": [0.1, 5.0, 0.4, math.inf],
        "cumulated": [0.9, 0.99, 0.8, math.inf],
        "entropy": [0.1, 3.0, 0.2, 2.0],
        "list_probability": [0.9, 0.3, 0.2, 0.1],
    }
)


def test_a_hit_is_a_rank_within_the_list_and_an_item_in_no_list_a_miss():
    assert hits(MEASURED, 10).tolist() == [1, 0, 1, 0]


def test_an_uncertainty_is_turned_into_a_confidence():
    assert confidence(MEASURED, "entropy").tolist() == [-0.1, -3.0, -0.2, -2.0]
    assert confidence(MEASURED, "list_probability").tolist() == [0.9, 0.3, 0.2, 0.1]
    assert confidence(MEASURED, "none").tolist() == [0, 0, 0, 0]


def test_signals_are_judged_by_hits_and_by_the_lists_that_move():
    similarity = np.array([1.0, 0.1, 0.8, 0.3])  # falls as the entropy grows
    frame = judge_signals(MEASURED, 10, similarity)
    rows = {row["signal"]: row for row in frame.iter_rows(named=True)}
    assert list(rows) == ["none", "entropy", "list_probability"]
    assert rows["entropy"]["AUROC"] == 1
    assert rows["entropy"]["AURC HR"] == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)
    assert rows["entropy"]["instability"] == pytest.approx(1)
    assert rows["list_probability"]["AUROC"] == pytest.approx(3 / 4)
    gains = [
        1,
        0,
        1 / math.log2(3),
        0,
    ]  # of the ranks 1 and 2, the third user's list being the third surest
    risks = np.cumsum([1 - gain for gain in gains]) / [1, 2, 3, 4]
    assert rows["list_probability"]["AURC NDCG"] == pytest.approx(risks.mean())
    assert rows["none"]["AUROC"] == 0.5
    assert rows["none"]["instability"] is None


def test_calibration_compares_what_was_said_with_hits():
    frame = pl.concat([MEASURED] * 5)
    judged = judge_calibration(frame, 10)
    assert judged["said"] == pytest.approx((0.9 + 0.3 + 0.2 + 0.1) / 4)
    assert judged["hit"] == 0.5
    bins = [0.1, 0.1, 0.35, 0.8, 0.8, 0.3, 0.3, 0.1, 0.1, 0.1]  # the third holds a .1 and a .2
    assert judged["ECE"] == pytest.approx(np.mean(bins))


def test_conformal_lists_are_judged_by_what_they_hold_and_their_lengths():
    validation = pl.concat([MEASURED] * 3)  # ceil(13 * .7) = 10 of 12, the first that fits no list
    limits = thresholds(validation, 0.7)
    assert limits == dict.fromkeys(("rank", "probability", "cumulated"), math.inf)
    limits = thresholds(validation, 0.5)  # the seventh: the first of the three that fit third best
    assert limits == {"rank": 20, "probability": 5, "cumulated": 0.99}
    lengths = pl.DataFrame({kind: [1, 2, 3, 6] for kind in limits})
    row = judge_lists(MEASURED, lengths, limits).row(0, named=True)
    assert row == {
        "nonconformity": "rank",
        "threshold": 20.0,
        "coverage": 3 / 4,
        "mean": 3.0,
        "median": 2.5,
        "longest": 6,
    }
