"""What ways to use a system are called."""

import pytest

from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.stability.words import noise_label, way_label


@pytest.mark.parametrize(
    ("mix", "temperature", "label"),
    [
        (None, 1, "newest alone"),
        ("1", 1, "newest alone"),
        ("0.6 0.4", 1, "mix .6 .4"),
        ("0.7 0 0.3", 1, "mix .7 0 .3"),
        ((0.2,) * 5, 1, "mix .2 \N{MULTIPLICATION SIGN} 5"),
        ("0.571 0.286 0.143", 2.5, "mix .571 .286 .143 at temperature 2.5"),
        ("trained", 1, "trained mixture"),
    ],
)
def test_a_mixture_is_called_by_its_weights(mix, temperature, label):
    assert way_label(InferenceConfig(mix=mix, temperature=temperature)) == label


def test_a_share_is_a_percentage():
    label = noise_label("share-replaced-0.05").replace("\N{NO-BREAK SPACE}", " ")
    assert label == "5 % of the items replaced"
    assert noise_label("newest-swapped") == "the two newest items swapped"
