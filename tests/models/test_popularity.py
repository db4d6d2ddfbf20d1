from dataclasses import replace

import numpy as np
import torch
from torch import tensor

from miqrec.evaluation.ranking import ranks
from miqrec.models.configs.popularity import PopularityConfig
from miqrec.models.popularity import Popularity, item_counts, within
from worlds import histories_of

HISTORIES = histories_of([[1, 2, 2, 3], [1, 2]], n_items=4)


def fitted(histories=HISTORIES):
    return Popularity(4, PopularityConfig()).fit(histories)


def test_scores_are_the_counts_for_everybody():
    scores = fitted().scores(tensor([[1, 2], [3, 0], [0, 0]]), tensor([2, 1, 0]))
    assert scores.tolist() == [[0, 2, 3, 1, 0]] * 3
    assert scores.dtype == torch.float32


def test_only_the_parts_count():
    parts = replace(HISTORIES, stops=np.array([2, 4]))  # 1 2 | 2 3 and | 1 2
    assert fitted(parts).counts.tolist() == [0, 1, 1, 0, 0]


def test_rows_may_be_excluded_one_by_one():
    scores = fitted().scores(tensor([[1], [1]]), tensor([1, 1]))
    seen = (tensor([0, 0]), tensor([1, 2]))
    assert ranks(scores, tensor([3, 3]), seen).tolist() == [1, 3]


def test_a_saved_state_is_all_it_takes():
    model, again = fitted(), Popularity(4, PopularityConfig())
    again.load_state_dict(model.state_dict())
    assert again.counts.equal(model.counts)


def test_parts_may_be_empty_and_end_with_the_items():
    histories = histories_of([[1], [2, 3], []], n_items=4)
    parts = replace(histories, stops=np.array([1, 1, 3]))

    assert within(parts).tolist() == [True, False, False]
    assert item_counts(parts).tolist() == [1, 0, 0, 0]
