"""Ensembles and dropped copies, worked out by hand, and as the measure of stability takes them."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.evaluate import rank_questions
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import score_items
from miqrec.evaluation.top_lists import ListRequest
from miqrec.stability.competitors import DroppedCopies, Ensemble
from miqrec.stability.measure import measure_stability

POPULARITY = torch.tensor([0.0, 1, 2, 3])
ITEMS, LENGTHS = torch.tensor([[2, 2]]), torch.tensor([2])
SEEN = torch.tensor([0, 0]), torch.tensor([2, 2])


class Fixed(nn.Module):
    """Scores items as it was told, whatever the history."""

    max_length = 3

    def __init__(self, *odds: float) -> None:
        super().__init__()
        self.register_buffer("log_odds", torch.tensor([1.0, *odds], dtype=torch.float32).log())

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.log_odds.repeat(len(items), 1)


class Counts(nn.Module):
    """Scores each item by how often the newest 6 items are that one."""

    max_length = 6

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.register_buffer("n_items", torch.tensor(n_items))

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        first = (lengths - self.max_length).clamp(min=0).unsqueeze(1)
        places = torch.arange(items.shape[1])
        read = (places >= first) & (places < lengths.unsqueeze(1))
        counts = torch.zeros(len(items), int(self.n_items) + 1)
        return counts.scatter_add_(1, items, read.float())


def test_an_ensemble_is_the_mean_of_softmaxes_over_what_is_unseen():
    """Without item 2: (1 3) / 4 and (3 1) / 4, and with it (1 4 3) / 8 and (3 4 1) / 8."""
    ensemble = Ensemble([Fixed(1, 4, 3), Fixed(3, 4, 3), Fixed(3, 12, 9)])
    unseen = score_items(ensemble, ITEMS, LENGTHS, POPULARITY, seen=SEEN)
    expected = [(1 / 4 + 3 / 6 + 3 / 12) / 3, 0, (3 / 4 + 3 / 6 + 9 / 12) / 3]
    assert unseen[0, 1:].exp().tolist() == pytest.approx(expected)

    everything = InferenceConfig(exclude_seen=False)
    scores = score_items(ensemble, ITEMS, LENGTHS, POPULARITY, everything, SEEN)
    expected = [(1 / 8 + 3 / 10 + 3 / 24) / 3, (4 / 8 + 4 / 10 + 12 / 24) / 3]
    assert scores[0, 1:3].exp().tolist() == pytest.approx(expected)


def test_an_ensemble_of_the_same_model_ranks_as_it_does():
    one, odds = Fixed(1, 5, 2), torch.tensor([[1.0, 5, 2]])
    scores = score_items(Ensemble([one, one]), ITEMS, LENGTHS, POPULARITY)
    torch.testing.assert_close(scores[:, 1:], (odds / odds.sum()).log())


def test_an_ensemble_without_candidates_or_history_is_no_error():
    ensemble = Ensemble([Fixed(1, 2, 3), Fixed(3, 2, 1)])
    rows, items = torch.tensor([0, 0, 0]), torch.tensor([1, 2, 3])
    histories = torch.tensor([[1, 2, 3], [0, 0, 0]])
    scores = score_items(ensemble, histories, torch.tensor([3, 0]), POPULARITY, seen=(rows, items))
    assert scores[0].isneginf().all()
    assert scores[1, 1:].tolist() == [1, 2, 3]


def test_one_model_is_no_ensemble_and_an_ensemble_mixes_no_answers():
    with pytest.raises(MiqrecError, match="1 models are no ensemble"):
        Ensemble([Fixed(1, 2, 3)])
    two = InferenceConfig(mix=(0.6, 0.4))
    with pytest.raises(MiqrecError, match="Ensemble has a single answer"):
        score_items(Ensemble([Fixed(1, 2, 3)] * 2), ITEMS, LENGTHS, POPULARITY, two)


def test_a_copy_loses_a_share_of_the_items_and_keeps_the_order_of_the_others():
    copies = DroppedCopies(Counts(9), share=0.6)
    items = torch.tensor([[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 0, 0, 0, 0], [7] + [0] * 8])
    seen = set()
    for copy in range(10):
        left, lengths = copies.thinned(items, torch.tensor([9, 4, 1]), copy)
        assert lengths.tolist() == [9 - 5, 4 - 2, 1]
        for row, length in zip(left.tolist(), lengths.tolist(), strict=True):
            assert row[:length] == sorted(row[:length])
            assert row[length:] == [0] * (9 - length)
            assert 0 not in row[:length]
        seen |= set(left[0].tolist())
    assert seen == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}  # every place survives in some copy


def test_scores_are_the_mean_over_copies_of_the_whole_history():
    """Of 8 items, each of its own, a copy keeps 4, which are counted once in each copy that has them."""
    copies = DroppedCopies(Counts(8), share=0.5, copies=4)
    items, lengths = torch.arange(1, 9).unsqueeze(0), torch.tensor([8])
    thinned = [copies.thinned(items, lengths, copy)[0][0, :4].tolist() for copy in range(4)]
    expected = [sum(item in copy for copy in thinned) / 4 for item in range(1, 9)]
    assert copies.scores(items, lengths)[0, 1:].tolist() == expected


def test_draws_depend_on_the_history_and_the_seed_and_on_nobody_else():
    copies = DroppedCopies(Counts(9), share=0.5)
    items, lengths = torch.tensor([[1, 2, 3, 4, 5, 6], [9, 8, 7, 6, 0, 0]]), torch.tensor([6, 4])
    together = copies.scores(items, lengths)
    torch.testing.assert_close(copies.scores(items[1:, :4], lengths[1:]), together[1:])
    assert not torch.equal(DroppedCopies(Counts(9), 0.5, seed=1).scores(items, lengths), together)


@pytest.mark.parametrize(("share", "copies"), [(1.0, 10), (-0.1, 10), (0.5, 0)])
def test_nothing_is_read_of_no_copy(share, copies):
    with pytest.raises(MiqrecError, match="can't be read"):
        DroppedCopies(Counts(9), share, copies)


def test_they_go_wherever_a_model_goes():
    n_users, n_items = 4, 12
    flat = np.concatenate(
        [np.random.default_rng(u).permutation(n_items)[:6] + 1 for u in range(n_users)]
    )
    stops = np.arange(1, n_users + 1) * 6
    questions = Questions(
        items=flat.astype(np.int32),
        users=np.arange(n_users),
        starts=stops - 6,
        stops=stops - 1,
        n_items=n_items,
        n_users=n_users,
        targets=flat[stops - 1].astype(np.int32),
    )
    popularity = torch.arange(n_items + 1.0)
    odds = np.random.default_rng(0).random((2, n_items)) + 0.1
    for model in (Ensemble([Fixed(*row) for row in odds]), DroppedCopies(Counts(n_items))):
        ranks = rank_questions(model, questions, popularity)["rank"]
        request = ListRequest(model, popularity, 5)
        moved = measure_stability(request, questions, np.ones(n_items, np.int64), draws=1)
        assert moved["clean_rank"][:n_users].to_list() == ranks.to_list()
        assert moved["frbo"].is_between(0, 1 + 1e-6).all()
        assert not math.isnan(moved["frbo"].mean())
