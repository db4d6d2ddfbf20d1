"""The weights of a trained mixture, read off for each history."""

import numpy as np
import polars as pl
import pytest
import torch

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.models.registry import build_model, find_model
from miqrec.stability.window import weights_by_length, window_weights

HISTORIES = [[1, 2, 3, 4], [5], [], [6, 7]]


def questions():
    lengths = np.array([len(items) for items in HISTORIES])
    stops = lengths.cumsum()
    flat = np.array([item for items in HISTORIES for item in items], np.int32)
    places = np.array([3, 1, 0, 2])
    return Questions(
        *(flat, places, stops - lengths, stops, 20, 4), targets=np.full(4, 9, np.int32)
    )


class NewestInFull(torch.nn.Module):
    """Gives the newest answer a weight by its first number, and the second one the rest."""

    n = 2

    def forward(self, states, valid):
        newest = torch.where(valid > 1, states[:, 0, 0].sigmoid(), 1.0)
        return torch.stack([newest, 1 - newest], 1)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(find_model("sasrec").config(dim=8, n_heads=1, max_length=3), 20).eval()


def test_weights_are_those_that_the_models_mixture_gives_its_states(model):
    model.mixture = NewestInFull()
    frame = window_weights(model, questions())
    states = model(torch.tensor([[2, 3, 4]]), torch.tensor([3]))  # it reads three items
    newest = states[0, -1, 0].sigmoid().item()
    assert frame["user"].to_list() == [3, 1, 0, 2]
    assert frame["length"].to_list() == [4, 1, 0, 2]
    assert frame["weights"][0].to_list() == pytest.approx([newest, 1 - newest])
    assert frame["weights"][1].to_list() == [1, 0]
    assert frame["weights"][2] is None


def test_a_model_of_one_answer_is_refused(model):
    with pytest.raises(MiqrecError, match="one answer and no weights to show"):
        window_weights(model, questions())


@pytest.mark.parametrize("edges", [(), (3, 1), (1, 1, 5), (0, 2)])
def test_groups_begin_at_lengths_that_rise_from_one(edges):
    frame = pl.DataFrame({"length": [1, 2], "weights": np.array([[1, 0], [0.8, 0.2]])})
    with pytest.raises(MiqrecError, match="give lengths that rise, from 1 or more"):
        weights_by_length(frame, edges)


def test_histories_of_unknown_items_have_no_weights_to_average():
    frame = pl.DataFrame({"length": [0], "weights": np.array([[np.nan, np.nan]])})
    with pytest.raises(MiqrecError, match="no history has 1 items or more"):
        weights_by_length(frame)


def test_histories_are_grouped_by_length():
    frame = pl.DataFrame(
        {
            "length": [1, 2, 4, 3, 0],
            "weights": np.array([[1, 0], [0.8, 0.2], [0.5, 0.5], [0.7, 0.3], [np.nan, np.nan]]),
        }
    )
    short, long = weights_by_length(frame, (1, 3)).iter_rows(named=True)
    assert (short["from"], short["questions"], short["weights"]) == (
        1,
        2,
        pytest.approx([0.9, 0.1]),
    )
    assert (long["from"], long["questions"], long["weights"]) == (3, 2, pytest.approx([0.6, 0.4]))
