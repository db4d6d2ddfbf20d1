"""A temperature worked out by hand, and when one is needed."""

import math
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from miqrec.data.histories import Questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.temperature import check_temperature, fit_temperature
from miqrec.evaluation.top_lists import ListRequest
from miqrec.models.configs.popularity import PopularityConfig
from miqrec.models.popularity import Popularity
from miqrec.models.registry import build_model, find_model
from miqrec.training.answers import add_mixture
from miqrec.training.config import TrainingConfig
from miqrec.uncertainty.measure import measure_signals
from reference.mixture import mixed_probabilities
from worlds import histories_of

EVERYTHING = InferenceConfig(exclude_seen=False)


class OneForFour(nn.Module):
    """Scores item 1 as 4, and items 2 and 3 as 0, whatever the history."""

    max_length = 5

    def item_vectors(self) -> Tensor:
        return torch.tensor([[9.0], [4], [0], [0]])

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        return torch.ones(len(items), n, 1)


def asked_after(
    histories: Sequence[Sequence[int]], targets: Sequence[int], n_items: int
) -> Questions:
    """What came after each of these histories."""
    parts = histories_of(histories, n_items)
    values = {field.name: getattr(parts, field.name) for field in fields(parts)}
    return Questions(**values, targets=np.array(targets, np.int32))


def questions(*targets: int, history: Sequence[int] = (2,)) -> Questions:
    """As many questions after one history as there are targets."""
    return asked_after([history] * len(targets), targets, n_items=3)


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


class FlatBeforeFour(OneForFour):
    """Its newest answer finds all items alike; the answer before it scores item 1 as 4, the others as 0."""

    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        return torch.tensor([0.0, 1.0])[:n].expand(len(items), n).unsqueeze(2)


def test_a_mixture_is_as_true_as_its_own_probabilities_can_be():
    """Item 1 is asked for 3 times in 6: 1 / 2 . 1 / 3 + 1 / 2 . q = 1 / 2, so q = 2 / 3 and e^(4 / T) = 4."""
    asked = questions(1, 1, 1, 2, 3, 3, history=[2, 2])
    half = InferenceConfig(exclude_seen=False, mix=(0.5, 0.5))
    assert fit_temperature(FlatBeforeFour(), asked, half) == pytest.approx(
        4 / math.log(4), rel=2e-4
    )


def test_a_history_with_a_single_answer_is_judged_by_that():
    mixed = InferenceConfig(exclude_seen=False, mix=(0.6, 0.4))
    asked = questions(1, 1, 1, 1, 2, 3)
    assert fit_temperature(OneForFour(), asked, mixed) == pytest.approx(4 / math.log(4), rel=2e-4)


def encoder(mixture: bool = False) -> nn.Module:
    """A small SASRec of large weights, which by itself may mix three answers by weights of its states."""
    config = find_model("sasrec").config(dim=8, n_heads=1, n_layers=1, max_length=5)
    made = build_model(config, 12)
    if mixture:
        add_mixture(made, TrainingConfig(answers=3, answer_weights="adaptive"))
    for weights in made.parameters():
        nn.init.normal_(weights, std=0.7)
    return made.eval()


HISTORIES = [[1, 2, 3, 4], [5], [6, 7, 8], [2, 9], [3, 1, 2, 3, 11, 12]]
TARGETS = [9, 10, 4, 1, 5]
GRID = [100 ** (place / 60) for place in range(-60, 61)]
STEP = 100 ** (1 / 60) - 1


@pytest.mark.parametrize("mix", [(0.6, 0.4), (0.2, 0.0, 0.8), (1.0,)])
@pytest.mark.parametrize("exclude_seen", [True, False])
def test_no_temperature_of_a_grid_makes_the_held_out_items_more_likely(mix, exclude_seen):
    """The reference mixes one row at a time, in Python's own floats."""
    made, asked = encoder(), asked_after(HISTORIES, TARGETS, 12)
    inference = InferenceConfig(exclude_seen=exclude_seen, mix=mix)
    vectors = made.item_vectors().tolist()
    states = [
        made(torch.tensor([items[-5:]]), torch.tensor([len(items[-5:])]))[0].flip(0).tolist()
        for items in HISTORIES
    ]

    def loss(temperature: float) -> float:
        return -sum(
            math.log(
                mixed_probabilities(
                    answers, vectors, mix, items if exclude_seen else (), temperature
                )[target]
            )
            for answers, items, target in zip(states, HISTORIES, TARGETS, strict=True)
        )

    fitted, best = fit_temperature(made, asked, inference), min(GRID, key=loss)
    assert loss(fitted) <= loss(best) + 1e-5
    assert fitted == pytest.approx(best, rel=STEP)


def test_a_trained_mixture_is_fitted_as_it_is_used():
    made, asked = encoder(mixture=True), asked_after(HISTORIES, TARGETS, 12)

    def loss(temperature: float) -> float:
        request = ListRequest(made, torch.zeros(13), 3, InferenceConfig(temperature=temperature))
        return measure_signals(request, asked)["probability"].sum()

    assert fit_temperature(made, asked) == pytest.approx(min(GRID, key=loss), rel=STEP)


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
