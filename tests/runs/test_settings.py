"""Settings by their bare names, or a config that has the model's."""

from typing import Literal

import pytest

from miqrec.errors import MiqrecError
from miqrec.models import registry
from miqrec.models.configs.markov import MarkovConfig
from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.models.registry import find_models, register
from miqrec.runs.settings import pretraining_settings, settings
from outside import Outside, OutsideConfig


@pytest.fixture(autouse=True)
def _outside(monkeypatch):
    """A model from outside, forgotten after each test."""
    find_models()
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    register(OutsideConfig, Outside)


def test_bare_names_are_sorted_into_the_configs_that_have_them():
    chosen = settings("outside", dim=5, epochs=7, min_user=3)

    assert chosen.model == OutsideConfig(dim=5)
    assert (chosen.training.epochs, chosen.filters.min_user) == (7, 3)


def test_a_config_stands_for_its_name_and_settings():
    assert settings(OutsideConfig(dim=5), epochs=7) == settings("outside", dim=5, epochs=7)


@pytest.mark.parametrize(
    ("model", "values", "sentence"),
    [
        (
            SASRecConfig(),
            {"dim": 8},
            r"dim belongs in the config of the model: SASRecConfig\(dim=8\)",
        ),
        (SASRecConfig(), {"window": 3}, r"sasrec has no setting 'window'; it has dim, "),
        (SASRecConfig, {}, r"is not the config of a model: it has no name"),
        ("sasrek", {}, r"there is no model 'sasrek'; choose one of sasrec, "),
        ("outside", {"window": 3}, r"outside has no setting 'window'; it has dim, pace, sizes, "),
        ("outside", {"dim": "many"}, r"dim: Input should be a valid integer"),
    ],
)
def test_what_does_not_fit_is_a_sentence(model, values, sentence):
    with pytest.raises(MiqrecError, match=sentence):
        settings(model, **values)


class AmbiguousConfig(OutsideConfig):
    name: Literal["ambiguous"] = "ambiguous"
    epochs: int = 3
    min_user: int = 5


def test_a_model_cannot_have_a_setting_that_its_training_or_the_data_have():
    register(AmbiguousConfig, Outside)

    with pytest.raises(MiqrecError, match=r"'ambiguous' can't have .* called epochs or min_user"):
        settings("ambiguous")


def test_only_a_model_that_was_registered_so_is_pre_trained():
    assert pretraining_settings("s3rec", dim=8).model.name == "s3rec"
    for model in ("sasrec", MIQSASRecConfig(), MarkovConfig(), OutsideConfig()):
        with pytest.raises(
            MiqrecError, match=r"is not pre-trained; choose one of s3rec, miq-s3rec"
        ):
            pretraining_settings(model)
