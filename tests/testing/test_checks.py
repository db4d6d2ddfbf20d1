"""Each check of the suite catches the model that is broken in its way."""

import numpy as np
import pytest
import torch
from pydantic import Field
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.models import registry
from miqrec.models.registry import find_model, find_models, register
from miqrec.testing import checks, model_suite
from outside import Outside, OutsideConfig


class ScoresAsPreciselyAsItTrains(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.last(items, lengths).squeeze(1) @ self.items.weight.T


class HidesWhatBelongsToItems(Outside):
    def item_vectors(self) -> Tensor:
        return super().item_vectors() * 1


class SeesLaterItems(Outside):
    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        states = super().forward(items, lengths)
        return states + states.flip(1)


class SeesPadding(Outside):
    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(items, lengths) * items.shape[1]


class SeesTheBatch(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        scores = super().scores(items, lengths)
        return scores - scores.mean(0)


class ReadsItsOldestItem(Outside):
    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        return super().last(items, torch.ones_like(lengths), n)


class GivesTheOldestFirst(Outside):
    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        return super().last(items, lengths, n).flip(1)


class ReadsOnlyItsNewestItemsWhole(Outside):
    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        states = super().last(items, lengths, n)
        longer = (lengths > self.max_length)[:, None, None]
        return torch.where(longer, states[:, :1], states)


class FavoursAnItem(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().scores(items, lengths) + torch.arange(len(self.items.weight))


class ForgetsAGradient(Outside):
    def last(self, items: Tensor, lengths: Tensor, n: int = 1) -> Tensor:
        states = super().last(items, lengths, n)
        return states / 2 + states.detach() / 2


class HasAnIdlePart(Outside):
    def __init__(self, n_items: int, config: OutsideConfig) -> None:
        super().__init__(n_items, config)
        self.idle = nn.Linear(2, 2)


class AddsUpItsPieces(Outside):
    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(items, lengths) / len(items)


class KeepsSomethingToItself(Outside):
    def __init__(self, n_items: int, config: OutsideConfig) -> None:
        super().__init__(n_items, config)
        self.own = np.random.default_rng().random()

    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().scores(items, lengths) * self.own


class LearnsNothing(Outside):
    def item_vectors(self) -> Tensor:
        return super().item_vectors().detach() * 0


class LooksAtTheData(Outside):
    def scores(self, items: Tensor, lengths: Tensor) -> Tensor:
        return super().scores(items, lengths) * float(lengths.sum())


class OtherNameConfig(OutsideConfig):
    depth: int = Field(default=1, alias="layers")


BROKEN = {
    checks.scores_are_float32_for_all_items_and_padding: ScoresAsPreciselyAsItTrains,
    checks.no_state_depends_on_a_later_item: SeesLaterItems,
    checks.padding_changes_no_valid_state: SeesPadding,
    checks.the_rest_of_the_batch_changes_no_score: SeesTheBatch,
    checks.a_longer_history_is_cut_to_its_newest_part: ReadsItsOldestItem,
    checks.last_gives_the_newest_rows_of_forward_and_repeats_the_first: GivesTheOldestFirst,
    checks.the_newest_states_of_a_longer_history_are_those_of_its_newest_part: (
        ReadsOnlyItsNewestItemsWhole
    ),
    checks.all_weight_on_the_newest_answer_leaves_the_scores: FavoursAnItem,
    checks.last_has_the_gradients_of_the_rows_of_forward: ForgetsAGradient,
    checks.gradients_reach_every_parameter: HasAnIdlePart,
    checks.items_keep_their_scores_in_a_larger_catalogue: HidesWhatBelongsToItems,
    checks.a_batch_in_pieces_has_the_loss_and_the_gradients_of_the_whole: AddsUpItsPieces,
    checks.saving_and_loading_changes_no_score: KeepsSomethingToItself,
    checks.fitting_again_with_the_same_seed_gives_the_same_scores: KeepsSomethingToItself,
    checks.its_scores_are_exported_for_every_batch_and_length: LooksAtTheData,
    checks.a_circle_is_learned: LearnsNothing,
    checks.more_of_the_demo_is_learned_than_counting_finds: Outside,
}


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    """What a test registers is forgotten behind it; ours stay."""
    find_models()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


@pytest.mark.parametrize(("check", "model"), BROKEN.items(), ids=lambda part: part.__name__)
def test_a_check_catches_the_model_that_is_broken_in_its_way(check, model):
    register(OutsideConfig, model)

    with pytest.raises((AssertionError, MiqrecError)):
        check(OutsideConfig())


@pytest.mark.parametrize(
    "check",
    [check for check in BROKEN if BROKEN[check] is not Outside],
    ids=lambda check: check.__name__,
)
def test_a_model_from_outside_that_is_not_broken_passes(check):
    register(OutsideConfig, Outside)

    check(OutsideConfig())


def test_a_setting_whose_name_is_not_that_of_its_field_is_caught():
    register(OtherNameConfig, Outside)

    with pytest.raises(MiqrecError, match="depth"):
        checks.its_settings_can_be_given_by_their_names(OtherNameConfig())


def test_a_model_that_has_seen_the_answers_is_better_than_chance(monkeypatch):
    """The noise is no noise any more: everybody's last item is the one that follows the item before."""
    monkeypatch.setattr(checks, "noise", checks.circle)

    with pytest.raises(AssertionError):
        checks.on_noise_it_is_not_better_than_chance(find_model("markov").config())


def test_a_suite_has_a_case_for_each_model_and_check():
    register(OutsideConfig, Outside)

    suite = model_suite(OutsideConfig(), find_model("markov").config())

    names = [case.id for case in suite.pytestmark[0].args[1]]
    assert len(names) == 2 * len(checks.FOR_ALL) + len(checks.FOR_LEARNERS)
    assert "outside-a_circle_is_learned" in names
    assert "markov-a_circle_is_learned" not in names
    assert "markov-saving_and_loading_changes_no_score" in names


def test_a_suite_of_a_model_that_is_not_registered_is_refused_at_once():
    with pytest.raises(MiqrecError, match=r"there is no model 'outside'"):
        model_suite(OutsideConfig())
