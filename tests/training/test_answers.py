"""Weights of the answers, and what becomes of them when a model is trained, saved and trained on."""

import pytest
import torch
from pydantic import ValidationError
from torch import nn, tensor

from miqrec.data.batches.training import TrainingExamples
from miqrec.errors import MiqrecError
from miqrec.runs.artifact import load_artifact, save_artifact
from miqrec.runs.fit import fit
from miqrec.runs.initial_weights import initial_weights
from miqrec.training.answers import AdaptiveWeights, GivenWeights, LearnedWeights, add_mixture
from miqrec.training.config import TrainingConfig
from miqrec.training.mixed_objective import all_answering, newest_answering
from miqrec.training.objective import make_objective
from outside import Outside, OutsideConfig
from reference.mixture_loss import mixture_loss
from worlds import changed, cycle, histories_of, small

ENCODERS = ["sasrec", "miq-sasrec", "s3rec", "gru4rec", "sr-gnn"]


def weights(mixture, valid, states=None):
    states = torch.zeros(1, mixture.n, 4) if states is None else states
    return mixture(states, tensor([valid])).squeeze(0).tolist()


class TestWeights:
    def test_given_weights_are_divided_by_the_sum_of_those_that_are_there(self):
        given = GivenWeights([0.6, 0.3, 0.1])
        assert weights(given, 3) == pytest.approx([0.6, 0.3, 0.1])
        assert weights(given, 2) == pytest.approx([0.6 / 0.9, 0.3 / 0.9, 0])
        assert weights(given, 1) == [1, 0, 0]
        assert weights(given, 9) == pytest.approx([0.6, 0.3, 0.1])

    def test_learned_weights_begin_with_halves_behind_the_newest(self):
        assert weights(LearnedWeights(4, 0.6), 4) == pytest.approx([0.5, 2 / 7, 1 / 7, 1 / 14])
        assert weights(LearnedWeights(2, 1.0), 2) == pytest.approx([5 / 6, 1 / 6])

    @pytest.mark.parametrize("bound", [0.3, 0.6, 1.0])
    def test_the_newest_weight_never_passes_its_bound(self, bound):
        mixture = LearnedWeights(3, bound)
        mixture.logits.data[0] = 50.0
        newest, *older = weights(mixture, 3)
        assert newest == pytest.approx(bound)
        assert sum(older) == pytest.approx(1 - bound)

    def test_adaptive_weights_begin_as_learned_ones_do(self):
        states = torch.randn(1, 3, 4)
        adaptive = weights(AdaptiveWeights(4, 3, 0.6), 3, states)
        assert adaptive == pytest.approx(weights(LearnedWeights(3, 0.6), 3))

    def test_a_state_that_rates_its_answer_low_gives_its_weight_to_the_others(self):
        mixture = AdaptiveWeights(1, 2, 0.6)
        nn.init.ones_(mixture.rating.weight)
        calm, odd = (weights(mixture, 2, tensor([[[x], [0.0]]])) for x in (0.0, -20.0))
        assert calm == pytest.approx([0.5, 0.5])
        assert odd == pytest.approx([0, 1], abs=1e-6)

    @pytest.mark.parametrize("mixture", [GivenWeights([0.7, 0.2, 0.1]), AdaptiveWeights(4, 3, 0.6)])
    def test_at_every_position_weights_are_those_of_the_history_that_ends_there(self, mixture):
        for parameter in mixture.parameters():
            nn.init.normal_(parameter)
        states = torch.randn(6, 4)  # of a history of four items and one of two
        valid = tensor([1, 2, 3, 3, 1, 2])
        at_every = mixture.at_every(states, valid)
        for t, first in enumerate([0, 0, 0, 0, 4, 4]):
            rows = [max(t - j, first) for j in range(3)]
            one = mixture(states[rows].unsqueeze(0), valid[t : t + 1])
            torch.testing.assert_close(at_every[t], one.squeeze(0))


class TestObjective:
    @pytest.mark.parametrize("loss", ["ce", "ce-last"])
    @pytest.mark.parametrize("kind", ["learned", "adaptive", "0.5 0.3 0.2"])
    def test_it_is_the_mixtures_likelihood_of_every_history(self, loss, kind):
        histories = histories_of([[1, 2, 3, 4, 5], [3, 1], [2, 5, 4]], n_items=5)
        config = TrainingConfig(loss=loss, answers=3, answer_weights=kind)
        model = Outside(5, OutsideConfig())
        add_mixture(model, config)
        batch = TrainingExamples(histories, 20)[torch.arange(3).numpy()]
        objective = make_objective(config, histories, torch.device("cpu"))

        value = objective(model, batch, torch.Generator())

        expected = 0
        for items in ([1, 2, 3, 4, 5], [3, 1], [2, 5, 4]):
            inputs, targets = tensor([items[:-1]]), tensor(items[1:])
            if loss == "ce-last":
                targets[:-1] = 0
            length = len(items) - 1
            states = model(inputs, tensor([length]))[0]
            mixed = model.mixture.at_every(states, torch.arange(1, length + 1).clamp(max=3))
            expected += mixture_loss(states, model.item_vectors(), mixed, targets, tensor([length]))
        torch.testing.assert_close(value, expected)

    def test_the_newest_positions_alone_are_computed_for_ce_last(self):
        histories = histories_of([[1, 2, 3, 4, 5], [3, 1]], n_items=5)
        (piece,) = TrainingExamples(histories, 20)[torch.arange(2).numpy()]
        newest, every = newest_answering(piece, 2), all_answering(piece, 2)
        assert newest.targets.tolist() == [0, 1, 0, 5]  # the shorter history stands first
        assert newest.valid.tolist() == [1, 1, 2, 2]
        assert every.targets.tolist() == [1, 2, 3, 4, 5]
        assert every.valid.tolist() == [1, 1, 2, 2, 2]


class TestTraining:
    @pytest.mark.parametrize("model", ENCODERS)
    def test_every_encoder_is_trained_saved_and_read_with_its_mixture(self, model, tmp_path):
        artifact = fit(small(model, cycle(), answers=3, epochs=2), tmp_path / "run")
        save_artifact(artifact, tmp_path / "model")
        read = load_artifact(tmp_path / "model")

        began = LearnedWeights(3, 0.6).logits
        assert not torch.equal(artifact.model.mixture.logits, began)
        assert torch.equal(read.model.mixture.logits, artifact.model.mixture.logits)
        assert (read.config.training.answers, read.config.training.newest_at_most) == (3, 0.6)

    @pytest.mark.parametrize("loss", ["ce", "ce-last", "sampled-ce"])
    @pytest.mark.parametrize("kind", ["learned", "adaptive", "0.5 0.3 0.2"])
    def test_every_loss_learns_with_every_kind_of_weights(self, loss, kind, tmp_path):
        values = {"loss": loss, "answer_weights": kind, "answers": 3, "epochs": 6}
        plan = small("sasrec", cycle(), **values)
        fit(plan, tmp_path)
        first, *_, last = (tmp_path / "history.csv").read_text().splitlines()[1:]
        assert float(last.split(",")[1]) < float(first.split(",")[1])

    def test_a_mixture_is_taken_over_by_a_training_that_goes_on_with_it(self, tmp_path):
        fit_and_save(tmp_path / "first", answers=3)
        first = load_artifact(tmp_path / "first").model.mixture.logits
        again = fit_from(tmp_path / "first", tmp_path / "run", answers=3)
        fresh = fit_from(tmp_path / "first", tmp_path / "other", answers=4)
        assert (again.mixture.logits - first).abs().max() < 1e-3
        assert (fresh.mixture.logits - LearnedWeights(4, 0.6).logits).abs().max() < 1e-3

    def test_and_left_behind_by_one_with_a_single_answer(self, tmp_path):
        fit_and_save(tmp_path / "first", answers=3)
        assert not hasattr(fit_from(tmp_path / "first", tmp_path / "run"), "mixture")

    def test_a_mixture_starts_from_a_model_that_has_none(self, tmp_path):
        fit_and_save(tmp_path / "first")
        started = fit_from(tmp_path / "first", tmp_path / "run", answers=3)
        assert started.mixture.n == 3


def fit_and_save(folder, **values):
    artifact = fit(small("sasrec", cycle(), epochs=1, **values), folder / "run")
    save_artifact(artifact, folder / "artifact")


def fit_from(folder, run, **values):
    """Train on for a step that changes next to nothing."""
    plan = small("sasrec", cycle(), epochs=1, learning_rate=1e-5, **values)
    initial = initial_weights(folder, plan.config.model, plan.splits)
    return fit(changed(plan, init_from=initial), run).model


class TestRefusals:
    @pytest.mark.parametrize("loss", ["bce", "gbce"])
    def test_scores_that_are_no_probabilities(self, loss):
        with pytest.raises(ValidationError, match=f"{loss} gives scores that are no probabilities"):
            TrainingConfig(loss=loss, answers=2)

    def test_settings_of_answers_where_a_single_one_is_given(self):
        with pytest.raises(ValidationError, match="newest_at_most needs several answers"):
            TrainingConfig(newest_at_most=0.5)
        with pytest.raises(ValidationError, match="answer_weights needs several answers"):
            TrainingConfig(answer_weights="0.6 0.4")

    def test_weights_that_do_not_fit(self):
        with pytest.raises(ValidationError, match="a number for each of the 3 answers"):
            TrainingConfig(answers=3, answer_weights="0.6 0.4")
        with pytest.raises(ValidationError, match=r"the weights sum to 0\.9"):
            TrainingConfig(answers=2, answer_weights="0.6 0.3")
        with pytest.raises(ValidationError, match="not a row of weights"):
            TrainingConfig(answers=2, answer_weights="leaned")
        with pytest.raises(ValidationError, match="bounds learned and adaptive weights"):
            TrainingConfig(answers=2, answer_weights="0.6 0.4", newest_at_most=0.5)

    def test_models_without_states(self):
        with pytest.raises(MiqrecError, match="Markov has no states that could answer"):
            small("markov", cycle(), answers=2)

    @pytest.mark.parametrize("values", [{"answers": 11}, {"mix": " ".join(["0.1"] * 10 + ["0"])}])
    def test_more_answers_than_a_model_reads_items_before_anything_is_written(self, values):
        with pytest.raises(MiqrecError, match=r"11 .* the model reads the newest 10"):
            small("sasrec", cycle(), **values)

    def test_a_model_whose_attribute_has_the_name(self):
        model = Outside(5, OutsideConfig())
        model.mixture = nn.Linear(2, 2)
        with pytest.raises(MiqrecError, match="Outside has an attribute mixture of its own"):
            add_mixture(model, TrainingConfig(answers=2))
