"""How weights are written, and which of them are refused."""

import math

import numpy as np
import pytest

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import DEFAULT_INFERENCE, InferenceConfig, with_changes


@pytest.mark.parametrize(
    "mix", ["0.6 0.4", "0.6, 0.4", (0.6, 0.4), [0.6, 0.4], np.array([0.6, 0.4])]
)
def test_weights_are_typed_or_given_as_numbers(mix):
    assert InferenceConfig(mix=mix).mix == (0.6, 0.4)


def test_a_config_comes_back_from_its_file():
    for mix in (None, "trained", (0.6, 0.4)):
        config = InferenceConfig(mix=mix, temperature=2)
        assert InferenceConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("mix", "complaint"),
    [
        ("0.6 0.3", "the weights sum to 0.9; give weights that sum to 1"),
        ("0.6 0.6", "the weights sum to 1.2"),
        ("0 1", "the newest answer, whose weight is the first, needs a weight above 0"),
        ("", "'' is not a row of weights; give one for each answer"),
        ((), r"\(\) is not a row of weights"),
        ("1.5 -0.5", "a weight is below 0"),
        ("0.6 nan", "'0.6 nan' is not a row of weights"),
        ((0.5, math.nan), r"\(0.5, nan\) is not a row of weights"),
        ((math.inf, 0), r"\(inf, 0\) is not a row of weights"),
        ("learned", "'learned' is not a row of weights"),
        ("0.6 x", "'0.6 x' is not a row of weights"),
        (0.6, "0.6 is not a row of weights"),
    ],
)
def test_other_weights_are_refused(mix, complaint):
    with pytest.raises(MiqrecError, match=complaint):
        with_changes(DEFAULT_INFERENCE, mix=mix)


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_a_temperature_is_a_number_above_0(temperature):
    with pytest.raises(MiqrecError, match="temperature: "):
        with_changes(DEFAULT_INFERENCE, temperature=temperature)


def test_what_is_not_given_stays():
    saved = InferenceConfig(exclude_seen=False, mix=(0.6, 0.4), temperature=2)
    assert with_changes(saved, mix=None, temperature=3.0) == InferenceConfig(
        exclude_seen=False, mix=(0.6, 0.4), temperature=3
    )
