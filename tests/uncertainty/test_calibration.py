"""Risk and coverage of five users by hand, and the areas, bins and errors that libraries compute too."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miqrec.errors import MiqrecError
from miqrec.uncertainty.calibration import (
    aurc,
    auroc,
    calibration_error,
    reliability,
    risk_coverage,
)

CONFIDENCE = np.array([0.9, 0.8, 0.6, 0.4, 0.1])
LOSS = np.array([0.0, 1.0, 0.0, 1.0, 1.0])  # the first and the third user are hit


def test_five_users_by_hand():
    curve = risk_coverage(CONFIDENCE, LOSS)
    assert curve.coverage.tolist() == pytest.approx([1 / 5, 2 / 5, 3 / 5, 4 / 5, 1])
    assert curve.risk.tolist() == pytest.approx([0 / 1, 1 / 2, 1 / 3, 2 / 4, 3 / 5])
    assert aurc(CONFIDENCE, LOSS) == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4 + 3 / 5) / 5)


def test_the_order_of_the_users_does_not_matter():
    order = [3, 0, 4, 1, 2]
    assert aurc(CONFIDENCE[order], LOSS[order]) == pytest.approx(aurc(CONFIDENCE, LOSS))


def test_equal_confidences_are_answered_together():
    """The second and third user share a loss of .5."""
    curve = risk_coverage(np.array([0.9, 0.6, 0.6, 0.4, 0.1]), LOSS)
    assert curve.risk.tolist() == pytest.approx([0, 0.5 / 2, 1 / 3, 2 / 4, 3 / 5])


def test_a_confidence_that_says_nothing_has_the_mean_loss_as_its_area():
    assert aurc(np.zeros(5), LOSS) == pytest.approx(3 / 5)


def test_a_hit_is_surer_than_a_miss_in_five_of_six_pairs():
    """Of the pairs of a hit (.9, .6) and a miss (.8, .4, .1), .6 against .8 alone is wrong."""
    assert auroc(CONFIDENCE, LOSS == 0) == pytest.approx(5 / 6)
    assert auroc(-CONFIDENCE, LOSS == 0) == pytest.approx(1 / 6)
    assert auroc(np.zeros(5), LOSS == 0) == pytest.approx(1 / 2)
    assert math.isnan(auroc(CONFIDENCE, np.ones(5, bool)))


def test_bins_hold_as_many_questions_each():
    said = np.array([0.1, 0.9, 0.3, 0.7])
    happened = np.array([False, True, True, True])
    low, high = (0.1 + 0.3) / 2, (0.9 + 0.7) / 2
    found = reliability(said, happened, bins=2)
    assert found.said.tolist() == pytest.approx([low, high])
    assert found.happened.tolist() == [0.5, 1]
    assert found.questions.tolist() == [2, 2]
    assert calibration_error(said, happened, bins=2) == pytest.approx((0.5 - low + 1 - high) / 2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(MiqrecError, match="one of each for every question"):
        aurc(CONFIDENCE, LOSS[:3])
    with pytest.raises(MiqrecError, match="5 questions can't be put into 6 bins"):
        reliability(CONFIDENCE, LOSS == 0, bins=6)


CASES = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 20), min_size=n, max_size=n),
        st.lists(st.booleans(), min_size=n, max_size=n),
    )
)


@given(CASES)
def test_the_area_lies_between_the_best_and_the_worst_order(case):
    confidence, hit = np.array(case[0], float), np.array(case[1])
    loss = (~hit).astype(float)
    area = aurc(confidence, loss)
    assert aurc(-loss, loss) - 1e-12 <= area <= aurc(loss, loss) + 1e-12


@pytest.mark.parametrize("n", [5, 40, 333])
def test_auroc_is_scikit_learns(n):
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(n)
    confidence, hit = generator.integers(0, 20, n).astype(float), generator.random(n) < 0.4
    assert auroc(confidence, hit) == pytest.approx(metrics.roc_auc_score(hit, confidence))


@pytest.mark.parametrize("n", [5, 40, 333])
def test_the_calibration_error_is_mapies(n):
    mapie = pytest.importorskip("mapie.metrics.calibration")
    generator = np.random.default_rng(n)
    said, happened = np.sort(generator.random(n)), generator.random(n) < 0.4  # it splits as given
    expected = mapie.expected_calibration_error(
        happened.astype(int), said, num_bins=5, split_strategy="array split"
    )
    assert calibration_error(said, happened, bins=5) == pytest.approx(expected)
