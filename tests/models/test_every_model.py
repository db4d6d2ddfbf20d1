"""Every model of ours passes the suite that is there for models of others too."""

import pytest

from miqrec.models.registry import find_model, model_names
from miqrec.testing import model_suite
from miqrec.testing.checks import a_circle_is_learned

SIZES = {"dim": 32, "hidden": 32, "n_heads": 1, "n_layers": 1, "dropout": 0.1, "max_length": 30}


def small(name: str):
    config = find_model(name).config
    sizes = SIZES | {"window": 3}
    return config(**{key: size for key, size in sizes.items() if key in config.model_fields})


test_every_model = model_suite(*map(small, model_names()))


def test_markov_learns_a_circle_too():
    a_circle_is_learned(small("markov"))


def test_popularity_does_not():
    with pytest.raises(AssertionError):
        a_circle_is_learned(small("popularity"))
