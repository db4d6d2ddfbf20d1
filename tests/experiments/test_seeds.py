"""Models are seeds of one system where they differ in nothing but their seed."""

import pytest

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.experiments.seeds import check_seeds
from miqrec.runs.artifact import ArtifactConfig
from worlds import cycle, small


def saved(
    seed: int, model: str = "sasrec", n_users: int = 120, mix=None, **values
) -> ArtifactConfig:
    """The config of a saved model."""
    run = small(model, cycle(n_users), seed=seed, **values).config
    parts = {name: getattr(run, name) for name in ("model", "training", "data", "fingerprint")}
    return ArtifactConfig(**parts, inference=InferenceConfig(mix=mix), epochs=1, trained_on="train")


def test_other_seeds_of_the_same_settings_are_one_system():
    check_seeds([saved(0), saved(1), saved(7)])


@pytest.mark.parametrize(
    ("other", "different"),
    [
        (saved(1, "gru4rec"), "model"),
        (saved(1, n_users=60), "data"),
        (saved(1, dim=8), "dim"),
        (saved(1, loss="bce"), "loss"),
        (saved(1, mix=(0.6, 0.4)), "mix"),
    ],
)
def test_anything_else_that_differs_is_named(other, different):
    with pytest.raises(MiqrecError, match=f"they differ in .*{different}.*; give runs"):
        check_seeds([saved(0), other])


def test_a_seed_counts_once():
    with pytest.raises(MiqrecError, match="several of these models have seed 3"):
        check_seeds([saved(3), saved(4), saved(3)])
