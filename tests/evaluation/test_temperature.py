"""A temperature worked out by hand, and when one is needed."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.temperature import check_temperature, fit_temperature
from miqrec.models.configs.popularity import PopularityConfig
from miqrec.models.popularity import Popularity

EVERYTHING = InferenceConfig(exclude_seen=False)


class OneForFour(nn.Module):
    """Scores item 1 as 4, and items 2 and 3 as 0, whatever the history."""

    max_length = 5

    def item_vectors(self) -> Tensor:
        return torch.tensor([[9.0], [4], [0], [0]])

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        return torch.ones(len(items), n, 1)


def questions(*targets: int, history: int = 2) -> Questions:
    """As many questions after one item as there are targets."""
    places = np.arange(len(targets))
    return Questions(
        items=np.full(len(targets), history, np.int32),
        users=places,
        starts=places,
        stops=places + 1,
        n_items=3,
        n_users=len(targets),
        targets=np.array(targets, np.int32),
    )


def test_the_held_out_items_are_as_likely_as_they_are_frequent():
    """Item 1 is asked for 4 times in 6: e^(4 / T) / (e^(4 / T) + 2) = 2 / 3, so T = 4 / log 4."""
    asked = questions(1, 1, 1, 1, 2, 3)
    assert fit_temperature(OneForFour(), asked, EVERYTHING) == pytest.approx(
        4 / math.log(4), rel=2e-4
    )


def test_what_was_seen_is_no_candidate_and_no_question():
    """Items 1 and 3 remain, and item 1 is asked for 4 times in 5: e^(4 / T) = 4; item 2 is never listed."""
    asked = questions(1, 1, 1, 1, 3, 2, 2, 0)
    assert fit_temperature(OneForFour(), asked) == pytest.approx(4 / math.log(4), rel=2e-4)


def test_what_is_always_right_can_not_be_too_sure():
    assert fit_temperature(OneForFour(), questions(1, 1), EVERYTHING) == pytest.approx(
        0.01, rel=1e-3
    )


def test_without_a_question_there_is_no_likelihood():
    with pytest.raises(MiqrecError, match="no held-out item could be in a list"):
        fit_temperature(OneForFour(), questions(2, 0))


def test_a_model_without_states_has_no_temperature():
    with pytest.raises(MiqrecError, match="Popularity has no states"):
        fit_temperature(Popularity(3, PopularityConfig()), questions(1))


def is_taken(loss, **inference) -> bool:
    try:
        check_temperature(InferenceConfig(**inference), loss)
    except MiqrecError:
        return False
    return True


@pytest.mark.parametrize("loss", ["bce", "gbce"])
def test_scores_that_are_no_logarithms_of_probabilities_are_mixed_at_a_temperature_only(loss):
    with pytest.raises(MiqrecError, match=f"trained by {loss} has no probabilities to mix"):
        check_temperature(InferenceConfig(mix=(0.6, 0.4)), loss)
    assert is_taken(loss, mix=(0.6, 0.4), temperature=2)
    assert is_taken(loss, mix=(1,))
    assert is_taken(loss)


@pytest.mark.parametrize("loss", ["ce", "cce", "ce-last", "sampled-ce", None])
def test_other_losses_need_none(loss):
    assert is_taken(loss, mix=(0.6, 0.4))
