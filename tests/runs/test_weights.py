"""What a config means is held against the header of the weights before anything is made."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from miqrec.errors import MiqrecError
from miqrec.models.registry import build_model, find_model, model_names
from miqrec.runs.artifact import load_artifact, save_artifact
from miqrec.runs.fit import fit_on_everything
from miqrec.runs.weights import check_weights, read_header
from worlds import cycle, small

N_ITEMS = 9


def build(name, **sizes):
    return find_model(name).build(N_ITEMS, find_model(name).config(**sizes))


@pytest.fixture
def saved(tmp_path):
    save_file(
        build("miq-sasrec", dim=8, max_length=10, window=2).state_dict(), tmp_path / "weights"
    )
    return tmp_path / "weights"


@pytest.mark.parametrize("name", model_names())
def test_the_weights_of_every_model_fit_its_config_unless_one_is_missing(name, tmp_path):
    weights = build_model(find_model(name).config(), N_ITEMS).state_dict()
    missing = min(weights)
    save_file(weights, tmp_path / "whole")
    save_file({name: weights[name] for name in weights if name != missing}, tmp_path / "less")

    check_weights(tmp_path / "whole", partial(build, name))
    with pytest.raises(MiqrecError, match=f"of {missing} there is nothing"):
        check_weights(tmp_path / "less", partial(build, name))


WRONG = {
    "a width of 10^9": (
        {"dim": 10**9},
        r"shape is \(10, 8\), and the config means \(10, 1000000000\)",
    ),
    "a width that overflows": ({"dim": 10**10}, "sizes that no computer has|the config means"),
    "10^6 layers": ({"n_layers": 10**6}, "many more weights than there are"),
    "one layer more": ({"n_layers": 3}, "of blocks.2.* there is nothing"),
    "a longer memory": ({"max_length": 10**12}, "and the config means"),
    "another window": ({"window": 3}, "and the config means"),
}


@pytest.mark.parametrize(("changes", "reason"), WRONG.values(), ids=WRONG)
def test_another_config_is_refused_before_its_size_is_made(saved, changes, reason):
    sizes = {"dim": 8, "max_length": 10, "window": 2} | changes

    with pytest.raises(MiqrecError, match=reason):
        check_weights(saved, partial(build, "miq-sasrec", **sizes))


def test_weights_that_would_be_cast_are_refused(saved):
    half = {name: tensor.half() for name, tensor in load_file(saved).items()}
    save_file(half, saved)

    with pytest.raises(
        MiqrecError, match=r"the type is torch.float16, and the model has torch.float32"
    ):
        check_weights(saved, partial(build, "miq-sasrec", dim=8, max_length=10, window=2))


def test_a_model_from_outside_that_needs_memory_to_be_built_is_left_to_pytorch(tmp_path):
    def needs_numbers() -> nn.Module:
        return nn.Linear(1, int(torch.ones(()).item()))

    save_file({"weight": torch.ones(2, 2)}, tmp_path / "weights")

    check_weights(tmp_path / "weights", needs_numbers)
    assert read_header(tmp_path / "weights")["weight"].shape == (2, 2)


def test_a_saved_model_with_weights_of_another_type_is_refused(tmp_path):
    artifact = fit_on_everything(small("sasrec", cycle()), 1, tmp_path)
    save_artifact(replace(artifact, model=artifact.model.double()), tmp_path / "model")

    with pytest.raises(MiqrecError, match=r"the type is torch\.float64"):
        load_artifact(tmp_path / "model")
