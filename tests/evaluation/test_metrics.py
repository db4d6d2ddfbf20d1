from math import log2

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation.metrics import (
    METRICS,
    hit_rate,
    metric_values,
    ndcg,
    reciprocal_rank,
    summary,
)
from miqrec.evaluation.ranking import ranks as rank_targets

some_ranks = st.lists(st.integers(1, 60), min_size=1, max_size=30).map(tensor)
cutoffs = st.integers(1, 40)


def test_summary_is_the_mean_over_users():
    assert summary(tensor([1, 3, 6, 21]), cutoffs=(5, 10)) == pytest.approx(
        {
            "HR@5": 2 / 4,
            "NDCG@5": (1 / log2(1 + 1) + 1 / log2(3 + 1)) / 4,
            "HR@10": 3 / 4,
            "NDCG@10": (1 / log2(1 + 1) + 1 / log2(3 + 1) + 1 / log2(6 + 1)) / 4,
            "MRR": (1 / 1 + 1 / 3 + 1 / 6 + 1 / 21) / 4,
        }
    )


def test_summary_names_its_metrics_in_order():
    names = ("HR@5", "NDCG@5", "HR@10", "NDCG@10", "HR@20", "NDCG@20", "MRR")
    assert tuple(summary(tensor([1]))) == METRICS == names
    assert set(summary(tensor([1])).values()) == {1.0}


def test_a_metric_by_its_name_keeps_the_shape_of_the_ranks():
    ranks = tensor([[1, 3], [10, 11]])

    assert metric_values(ranks, "HR@10").tolist() == [[1, 1], [1, 0]]
    assert metric_values(ranks, "NDCG@10").tolist() == [
        [1 / log2(1 + 1), 1 / log2(3 + 1)],
        [pytest.approx(1 / log2(10 + 1)), 0],
    ]
    assert metric_values(ranks, "MRR").tolist() == [[1 / 1, 1 / 3], [1 / 10, 1 / 11]]


@pytest.mark.parametrize("name", ["", "HR", "HR@", "HR@x", "hr@5", "MRR@5", "MAP@5"])
def test_an_unknown_metric_is_refused(name):
    with pytest.raises(MiqrecError, match=r"there is no metric .*; name HR@k, NDCG@k or MRR"):
        metric_values(tensor([1]), name)


def test_metrics_are_per_user_in_float64():
    ranks = tensor([2, 5, 6])
    assert hit_rate(ranks, 5).tolist() == [1, 1, 0]
    assert ndcg(ranks, 5).tolist() == pytest.approx([1 / log2(3), 1 / log2(6), 0])
    assert reciprocal_rank(ranks).tolist() == [1 / 2, 1 / 5, 1 / 6]
    assert hit_rate(ranks, 5).dtype == ndcg(ranks, 5).dtype == torch.float64


@settings(max_examples=100, deadline=None)
@given(some_ranks, cutoffs)
def test_hit_rate_grows_with_k(ranks, k):
    assert (hit_rate(ranks, k) <= hit_rate(ranks, k + 1)).all()


@settings(max_examples=100, deadline=None)
@given(some_ranks, cutoffs)
def test_ndcg_is_at_most_the_hit_rate_and_equal_at_one(ranks, k):
    assert (ndcg(ranks, k) <= hit_rate(ranks, k)).all()
    assert ndcg(ranks, 1).equal(hit_rate(ranks, 1))


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 50), st.data())
def test_equal_scores_earn_no_more_than_chance(n_items, data):
    k = data.draw(st.integers(1, n_items - 1))
    ranks = rank_targets(torch.zeros(n_items, n_items + 1), torch.arange(1, n_items + 1))
    assert hit_rate(ranks, k).mean() <= k / n_items


@pytest.mark.filterwarnings("ignore:unsafe cast")  # numba, inside ranx
def test_agrees_with_ranx():
    ranx = pytest.importorskip("ranx")
    generator = np.random.default_rng(0)
    scores = generator.permuted(np.tile(np.arange(40.0), (25, 1)), axis=1)  # no ties
    targets = generator.integers(40, size=25)
    qrels = ranx.Qrels({f"u{u}": {f"i{t}": 1} for u, t in enumerate(targets)})
    run = {f"u{u}": {f"i{i}": s for i, s in enumerate(row)} for u, row in enumerate(scores)}
    theirs = ranx.evaluate(qrels, ranx.Run(run), ["hit_rate@5", "ndcg@5", "ndcg@20", "mrr"])

    padded = torch.cat([torch.zeros(25, 1), tensor(scores, dtype=torch.float32)], dim=1)
    ours = summary(rank_targets(padded, tensor(targets) + 1))
    assert ours["HR@5"] == pytest.approx(theirs["hit_rate@5"])
    assert ours["NDCG@5"] == pytest.approx(theirs["ndcg@5"])
    assert ours["NDCG@20"] == pytest.approx(theirs["ndcg@20"])
    assert ours["MRR"] == pytest.approx(theirs["mrr"])


@pytest.mark.parametrize("ranks", [[0, 1], [-3], [1.0, 2.0]])
def test_ranks_must_be_whole_and_positive(ranks):
    with pytest.raises(MiqrecError, match="whole numbers from 1"):
        summary(tensor(ranks))


def test_no_ranks_is_an_error():
    with pytest.raises(MiqrecError, match="no ranks"):
        summary(torch.zeros(0, dtype=torch.int64))


def test_cutoff_must_be_positive():
    with pytest.raises(MiqrecError, match="cutoff k is 0"):
        hit_rate(tensor([1]), 0)
