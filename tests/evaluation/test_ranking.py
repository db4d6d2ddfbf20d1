import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import tensor

from miqrec.errors import MiqrecError
from miqrec.evaluation import ranking
from miqrec.evaluation.ranking import check_finite, exclude, ranks, top_k
from reference.ranking import best, rank

inf = float("inf")


@st.composite
def cases(draw):
    """Scores with many ties (B, n_items + 1), a target a row, and flat pairs of seen items."""
    n_rows, n_items = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    row = st.lists(st.integers(-2, 2), min_size=n_items + 1, max_size=n_items + 1)
    scores = draw(st.lists(row, min_size=n_rows, max_size=n_rows))
    item = st.integers(1, n_items)
    targets = draw(st.lists(item, min_size=n_rows, max_size=n_rows))
    seen = draw(st.lists(st.tuples(st.integers(0, n_rows - 1), item), max_size=12))
    return scores, targets, seen


def pairs(seen):
    return tuple(tensor(seen, dtype=torch.int64).reshape(-1, 2).T)


def seen_by(row, seen):
    return {item for r, item in seen if r == row}


@settings(max_examples=200, deadline=None)
@given(cases())
def test_ranks_equal_brute_force(case):
    scores, targets, seen = case
    expected = [rank(scores[r], t, seen_by(r, seen)) for r, t in enumerate(targets)]
    assert ranks(tensor(scores).float(), tensor(targets), pairs(seen)).tolist() == expected


@settings(max_examples=200, deadline=None)
@given(cases(), st.data())
def test_lists_equal_brute_force(case, data):
    scores, _, seen = case
    k = data.draw(st.integers(1, len(scores[0]) - 1))
    expected = [best(row, k, seen_by(r, seen)) for r, row in enumerate(scores)]
    excluded = tensor(scores).float()
    exclude(excluded, *pairs(seen))
    values, items = top_k(excluded, k)
    assert items.tolist() == expected
    assert values.equal(excluded.gather(1, items))


@st.composite
def wide_scores(draw):
    """Few values in many columns, so that there are ties within groups, between them and at every edge."""
    n_rows, width = draw(st.integers(1, 3)), draw(st.integers(2, 60))
    value = st.sampled_from([-inf, 0.0, 1.0, 2.0])
    row = st.lists(value, min_size=width, max_size=width)
    return tensor(draw(st.lists(row, min_size=n_rows, max_size=n_rows)))


@settings(max_examples=300, deadline=None)
@given(wide_scores(), st.data())
def test_the_best_of_wide_rows_are_found_by_groups(scores, data):
    k = data.draw(st.integers(1, scores.shape[1]))
    ordered = scores.sort(dim=1, descending=True, stable=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "WIDE", 8)
        patch.setattr(ranking, "GROUP", 4)
        values, columns = ranking.best_columns(scores, k)
    assert values.equal(ordered.values[:, :k])
    candidates = values > -inf  # the order of what is left out means nothing
    assert columns[candidates].equal(ordered.indices[:, :k][candidates])


def test_rank_counts_the_better_and_the_equal():
    scores = tensor([[9.0, 0.5, 0.7, 0.5, 0.1]])  # padding scores best and does not count
    assert ranks(scores.clone(), tensor([2])).tolist() == [1]
    assert ranks(scores.clone(), tensor([1])).tolist() == [1 + 1 + 1]  # item 2 better, 3 equal
    assert ranks(scores.clone(), tensor([4])).tolist() == [1 + 3]


def test_equal_scores_earn_the_last_rank():
    assert ranks(torch.zeros(3, 101), tensor([1, 50, 100])).tolist() == [100, 100, 100]


def test_seen_items_do_not_outrank_the_target():
    scores = tensor([[0.0, 3.0, 2.0, 1.0]]).repeat(2, 1)
    seen = (tensor([0, 0]), tensor([1, 1]))  # the first row has seen item 1, twice
    assert ranks(scores, tensor([3, 3]), seen).tolist() == [2, 3]


def test_a_target_seen_before_is_still_ranked():
    assert ranks(tensor([[0.0, 3.0, 2.0]]), tensor([2]), (tensor([0]), tensor([2]))).tolist() == [2]


def test_ties_at_the_boundary_go_to_the_smaller_id():
    values, items = top_k(tensor([[-inf, *[0.0] * 500, 1.0, 0.0]]), 3)
    assert items.tolist() == [[501, 1, 2]]
    assert values.tolist() == [[1.0, 0.0, 0.0]]


def test_a_list_that_runs_out_of_candidates_ends_in_padding():
    scores = tensor([[0.0, 2.0, 5.0, 3.0]])
    exclude(scores, tensor([0, 0]), tensor([2, 3]))
    values, items = top_k(scores, 3)
    assert items.tolist() == [[1, 0, 0]]
    assert values.tolist() == [[2.0, -inf, -inf]]


def test_exclude_marks_pairs_and_padding_in_place():
    scores = torch.zeros(2, 3)
    exclude(scores, tensor([1]), tensor([2]))
    assert scores.tolist() == [[-inf, 0, 0], [-inf, 0, -inf]]


@pytest.mark.parametrize("k", [0, 3])
def test_k_must_fit_the_catalogue(k):
    with pytest.raises(MiqrecError, match=f"k is {k}, but the catalogue has 2 items"):
        top_k(torch.zeros(1, 3), k)


@pytest.mark.parametrize("bad", [float("nan"), inf, -inf])
def test_scores_that_are_not_finite_are_refused(bad):
    scores = torch.zeros(3, 4)
    check_finite(scores)
    scores[1, 2] = scores[2, 0] = bad
    with pytest.raises(
        MiqrecError, match="2 scores are NaN or infinite, the first of them in row 1"
    ):
        check_finite(scores)
    with pytest.raises(MiqrecError, match="NaN or infinite"):
        ranks(scores, tensor([1, 1, 1]))


def test_no_rows_no_ranks():
    check_finite(torch.zeros(0, 5))
    assert ranks(torch.zeros(0, 5), torch.zeros(0, dtype=torch.int64)).shape == (0,)
    assert top_k(torch.zeros(0, 5), 2)[1].shape == (0, 2)
