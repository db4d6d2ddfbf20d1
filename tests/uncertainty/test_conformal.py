"""Thresholds and lists by hand, the coverage they promise, and the sets that MAPIE makes."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.uncertainty.conformal import (
    NONCONFORMITIES,
    conformal_threshold,
    list_lengths,
    nonconformity,
)

P = torch.tensor([[0, 0.5, 0.2, 0.3], [0, 0.1, 0.9, 0]])  # item 3 of the second row is left out
LOG_P = P.log()


def drawn(n, n_items, seed):
    """Distributions of different sharpness, and targets drawn from them."""
    generator = torch.Generator().manual_seed(seed)
    sharpness = torch.rand(n, 1, generator=generator) * 4
    scores = torch.randn(n, n_items + 1, generator=generator) * sharpness
    scores[:, 0] = -torch.inf
    log_p = scores.log_softmax(1)
    return log_p, torch.multinomial(log_p.exp(), 1, generator=generator).squeeze(1)


@pytest.mark.parametrize(
    ("kind", "third", "second"),
    [("rank", 2, 1), ("probability", -math.log(0.3), -math.log(0.9)), ("cumulated", 0.8, 0.9)],
)
def test_how_badly_an_item_fits(kind, third, second):
    found = nonconformity(LOG_P, torch.tensor([3, 2]), kind)
    assert found.tolist() == pytest.approx([third, second])


@pytest.mark.parametrize("kind", NONCONFORMITIES)
def test_what_no_list_holds_never_fits(kind):
    assert nonconformity(LOG_P, torch.tensor([0, 3]), kind).tolist() == [math.inf, math.inf]


@pytest.mark.parametrize(
    ("kind", "threshold", "lengths"),
    [
        ("rank", 2, [2, 2]),
        ("rank", math.inf, [3, 2]),
        ("probability", -math.log(0.29), [2, 1]),  # .5 and .3; .9
        ("probability", math.inf, [3, 2]),
        ("cumulated", 0.95, [2, 1]),  # .5 + .3; .9
        ("cumulated", math.inf, [3, 2]),
    ],
)
def test_lists_hold_what_fits_as_well_as_the_threshold(kind, threshold, lengths):
    assert list_lengths(LOG_P, threshold, kind).tolist() == lengths


def test_the_threshold_is_the_ninth_of_nine_at_nine_tenths_and_none_of_eight():
    """ceil(10 * .9) = 9 and ceil(9 * .9) = 9."""
    values = np.arange(9.0)
    assert conformal_threshold(values, 0.9) == 8
    assert conformal_threshold(values[:8], 0.9) == math.inf
    assert conformal_threshold(values[::-1], 0.5) == 4  # ceil(10 * .5) = 5, the fifth smallest


@pytest.mark.parametrize("coverage", [0, 1, 1.2])
def test_a_coverage_that_cannot_be_is_refused(coverage):
    with pytest.raises(MiqrecError, match="give one between 0 and 1"):
        conformal_threshold(np.arange(9.0), coverage)


@pytest.mark.parametrize("kind", NONCONFORMITIES)
def test_exchangeable_questions_are_covered_as_promised(kind):
    log_p, targets = drawn(6000, 30, seed=1)
    fits = nonconformity(log_p, targets, kind)
    threshold = conformal_threshold(fits[:3000].numpy(), 0.8)
    covered = (fits[3000:] <= threshold).double().mean().item()
    coarse = (
        0.07 if kind == "rank" else 0.0
    )  # ranks are whole numbers, so more than 80 % are covered
    assert 0.8 - 0.025 < covered < 0.8 + 0.025 + coarse


@pytest.mark.parametrize("kind", NONCONFORMITIES)
def test_a_list_holds_the_item_exactly_if_it_fits(kind):
    log_p, targets = drawn(500, 30, seed=2)
    fits, ranks = (nonconformity(log_p, targets, name) for name in (kind, "rank"))
    for threshold in fits.quantile(
        torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64), interpolation="lower"
    ):
        holds = ranks <= list_lengths(log_p, float(threshold), kind)
        assert holds.tolist() == (fits <= threshold + 1e-6).tolist()


@pytest.mark.parametrize("kind", NONCONFORMITIES)
def test_more_coverage_takes_longer_lists(kind):
    log_p, targets = drawn(500, 30, seed=3)
    fits = nonconformity(log_p, targets, kind).numpy()
    thresholds = [conformal_threshold(fits, coverage) for coverage in (0.5, 0.7, 0.9)]
    means = [list_lengths(log_p, t, kind).double().mean().item() for t in thresholds]
    assert all(one < other for one, other in pairwise(means))


@pytest.mark.parametrize(
    ("kind", "theirs", "fewest"),
    [("probability", "lac", 0), ("cumulated", "aps", 1), ("rank", "top_k", 0)],
)
def test_the_lists_are_mapies(kind, theirs, fewest):
    """Its sets are never empty where probabilities are cumulated."""
    pytest.importorskip("mapie")
    log_p, targets = drawn(400, 12, seed=4)
    fits = nonconformity(log_p[:200], targets[:200], kind).numpy()
    ours = list_lengths(log_p[200:], conformal_threshold(fits, 0.8), kind).clamp(min=fewest)
    assert ours.tolist() == mapie_lengths(log_p.exp().double().numpy(), targets.numpy(), theirs)


def mapie_lengths(probabilities, targets, score):
    """The lengths of MAPIE's sets for the second half of the questions, calibrated on the first."""
    from mapie.classification import SplitConformalClassifier
    from mapie.conformity_scores import APSConformityScore
    from sklearn.base import BaseEstimator, ClassifierMixin

    classes = probabilities[:, 1:] / probabilities[:, 1:].sum(1, keepdims=True)

    class Known(ClassifierMixin, BaseEstimator):
        """Answers with the row of its number."""

        classes_ = np.arange(classes.shape[1])
        is_fitted_ = True

        def fit(self, X, y):
            return self

        def predict_proba(self, X):
            return classes[X.ravel()]

        def predict(self, X):
            return self.predict_proba(X).argmax(1)

    class WithoutChance(APSConformityScore):
        """APS without its random part."""

        def get_conformity_scores(self, y, y_pred, **_):
            scores, self.cutoff = self.get_true_label_cumsum_proba(y, y_pred, self.classes)
            return scores

    chosen = WithoutChance() if score == "aps" else score
    mapie = SplitConformalClassifier(
        Known(), confidence_level=0.8, conformity_score=chosen, prefit=True
    )
    numbers, half = np.arange(len(classes))[:, None], len(classes) // 2
    mapie.conformalize(numbers[:half], targets[:half] - 1)
    options = {"include_last_label": False} if score == "aps" else {}
    sets = mapie.predict_set(numbers[half:], conformity_score_params=options)[1]
    return sets[:, :, 0].sum(1).tolist()
