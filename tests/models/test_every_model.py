"""Every model of ours passes the suite that is there for models of others too."""

import pytest

from miqrec.models.registry import find_model, model_names
from miqrec.recommender import Recommender
from miqrec.testing import model_suite
from miqrec.testing.frames import circle

SIZES = {"dim": 32, "hidden": 32, "n_heads": 1, "n_layers": 1, "dropout": 0.1, "max_length": 30}


def small(name: str):
    config = find_model(name).config
    sizes = SIZES | {"window": 3}
    return config(**{key: size for key, size in sizes.items() if key in config.model_fields})


test_every_model = model_suite(*map(small, model_names()))


def hits_on_a_circle(name: str) -> float:
    """HR@5 where everybody walks round the same 20 items, so that the next one is certain."""
    return Recommender.fit(circle(), model=small(name)).evaluate("test")["HR@5"]


def test_markov_learns_a_circle_too():
    assert hits_on_a_circle("markov") == 1.0


def test_popularity_does_not():
    lengths = circle().group_by("user").len()["len"]
    chance = (5 / (20 - (lengths - 1))).mean()  # five of the items that the user hasn't had

    assert hits_on_a_circle("popularity") == pytest.approx(chance, abs=0.1)
