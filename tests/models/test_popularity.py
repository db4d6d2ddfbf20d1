import numpy as np
import torch
from torch import tensor

from miqrec.evaluation.ranking import ranks
from miqrec.models.popularity import Popularity, PopularityConfig, count_items, within

ITEMS = np.array([1, 2, 2, 3, 1, 2], dtype=np.int32)  # two users: 1 2 2 3 and 1 2


def fitted(starts, stops):
    return Popularity(4, PopularityConfig()).fit(ITEMS, np.array(starts), np.array(stops))


def test_scores_are_the_counts_for_everybody():
    scores = fitted([0, 4], [4, 6]).scores(tensor([[1, 2], [3, 0], [0, 0]]), tensor([2, 1, 0]))
    assert scores.tolist() == [[0, 2, 3, 1, 0]] * 3
    assert scores.dtype == torch.float32


def test_only_the_parts_count():
    assert fitted([0, 4], [2, 4]).counts.tolist() == [0, 1, 1, 0, 0]  # 1 2 | 2 3 and | 1 2


def test_rows_may_be_excluded_one_by_one():
    scores = fitted([0, 4], [4, 6]).scores(tensor([[1], [1]]), tensor([1, 1]))
    seen = (tensor([0, 0]), tensor([1, 2]))
    assert ranks(scores, tensor([3, 3]), seen).tolist() == [1, 3]


def test_a_saved_state_is_all_it_takes():
    model, again = fitted([0], [6]), Popularity(4, PopularityConfig())
    again.load_state_dict(model.state_dict())
    assert again.counts.equal(model.counts)


def test_parts_may_be_empty_and_end_with_the_items():
    assert within(3, np.array([0, 1, 3]), np.array([1, 1, 3])).tolist() == [True, False, False]
    assert count_items(ITEMS, np.array([6]), np.array([6]), n_items=4).tolist() == [0] * 5
