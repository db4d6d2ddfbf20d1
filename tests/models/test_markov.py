from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save
from torch import tensor

from miqrec.models.configs.markov import MarkovConfig
from miqrec.models.configs.popularity import PopularityConfig
from miqrec.models.markov import Markov
from miqrec.models.popularity import Popularity
from reference.markov import next_items
from worlds import histories_of

N_ITEMS = 6


def fitted(histories, n_items=N_ITEMS):
    return Markov(n_items, MarkovConfig()).fit(histories_of(histories, n_items))


def scores_after(model, *histories):
    lengths = tensor([len(history) for history in histories])
    rows = [tensor([*history, 0], dtype=torch.int64) for history in histories]
    return model.scores(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), lengths)


histories = st.lists(st.lists(st.integers(1, N_ITEMS), max_size=8), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None)
@given(histories)
def test_scores_order_items_as_transitions_then_popularity_do(histories):
    model = fitted(histories)
    contexts = [[], *[[item] for item in range(1, N_ITEMS + 1)]]
    for context, scores in zip(contexts, scores_after(model, *contexts)[:, 1:], strict=True):
        pairs = next_items(histories, context[-1] if context else None, N_ITEMS)
        for i, pair in enumerate(pairs):
            for j, other in enumerate(pairs):
                assert (scores[i] > scores[j]) == (pair > other)


def test_the_score_is_the_place_of_transitions_and_popularity():
    model = fitted([[1, 2, 1, 2], [1, 3], [3]], n_items=4)
    # popularity: 3, 2, 2, 0 -> levels 2, 1, 1, 0; pairs after items: (1->3) = (1, 2),
    # (2->1) = (1, 3), (1->2) = (2, 2): places 3, 4, 5
    assert scores_after(model, [], [4, 1], [2], [3]).tolist() == [
        [0, 2, 1, 1, 0],
        [0, 2, 5, 3, 0],
        [0, 4, 1, 1, 0],
        [0, 2, 1, 1, 0],
    ]


def test_only_the_last_item_counts():
    model = fitted([[1, 2, 3, 1, 4]])
    assert scores_after(model, [2, 3, 1])[0].equal(scores_after(model, [1])[0])


def test_a_batch_of_empty_histories_is_ranked_by_popularity():
    histories = [[1, 2, 2], [2, 3]]
    popularity = Popularity(N_ITEMS, PopularityConfig()).fit(histories_of(histories, N_ITEMS))
    empty = torch.zeros(2, 0, dtype=torch.int64), tensor([0, 0])
    ours, theirs = fitted(histories).scores(*empty), popularity.scores(*empty)
    assert ours.argsort(dim=1, stable=True).equal(theirs.argsort(dim=1, stable=True))


def test_no_transition_crosses_from_user_to_user_or_out_of_a_part():
    whole = histories_of([[1, 2, 3], [4, 5], []], N_ITEMS)
    model = Markov(N_ITEMS, MarkovConfig()).fit(replace(whole, stops=np.array([2, 5, 5])))
    assert model.followers.tolist() == [2, 5]  # 1 2 | 3 and 4 5


def test_many_transitions_do_not_swallow_popularity():
    heavy = [[1, 2]] * 5000 + [[1, 3]] * 5000 + [[3]]  # equally many; item 3 came once more
    scores = scores_after(fitted(heavy), [1])[0]
    assert scores[3] > scores[2] > scores[1]


def test_a_saved_state_brings_its_own_size():
    model = fitted([[1, 2, 3], [3, 1, 2]])
    again = Markov(N_ITEMS, MarkovConfig())
    again.load_state_dict(load(save(model.state_dict())))
    contexts = [[], [1], [2], [3]]
    assert scores_after(again, *contexts).equal(scores_after(model, *contexts))


def test_a_state_of_another_catalogue_is_refused():
    with pytest.raises(RuntimeError, match="size mismatch"):
        Markov(7, MarkovConfig()).load_state_dict(fitted([[1, 2]]).state_dict())


def test_it_can_be_fitted_again():
    model = fitted([[1, 2, 3], [3, 1, 2]])
    model.fit(histories_of([[2, 1]], N_ITEMS))
    assert scores_after(model, [2])[0].equal(scores_after(fitted([[2, 1]]), [2])[0])
