"""Configs of older versions in today's form."""

import copy

import pytest
import torch
from torch import nn

from miqrec.errors import MiqrecError
from miqrec.models.configs.ablation import MIQSASRecAblationConfig
from miqrec.models.migrate import modernise, modernise_checkpoint
from miqrec.models.registry import build_model, parse_config
from miqrec.nn.ablations import ABLATIONS
from miqrec.nn.attention import MultiItemQueryAttention

MIQ = {"name": "miq-sasrec", "dim": 16, "window": 3}


def test_todays_configs_stay_as_they_are():
    for config in (MIQ, {"name": "sasrec"}, {"name": "my-own", "variant": "b"}):
        assert modernise(config) == config


@pytest.mark.parametrize("name", ["miq-sasrec", "miq-s3rec"])
def test_the_papers_variant_is_the_layer_as_it_is(name):
    config = MIQ | {"name": name}
    assert modernise(config | {"variant": "paper"}) == config


@pytest.mark.parametrize("variant", ABLATIONS)
def test_another_variant_is_an_ablation(variant):
    today = modernise(MIQ | {"variant": variant})
    assert today == MIQ | {"name": "miq-sasrec-ablation", "ablation": variant}
    assert parse_config(MIQ | {"variant": variant}) == MIQSASRecAblationConfig(**today)
    model = build_model(parse_config(today), n_items=9)
    assert [type(block.attention) for block in model.blocks] == [ABLATIONS[variant]] * 2


def test_an_ablation_of_miq_s3rec_is_refused_in_a_sentence():
    with pytest.raises(MiqrecError, match="the ablation 'first-item' of miq-s3rec"):
        modernise({"name": "miq-s3rec", "variant": "first-item"})


def trained(layer: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    for step in range(steps):
        x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        (layer(x) ** 2).sum().backward()
        optimizer.step()


def test_a_stopped_training_goes_on_without_the_bias_that_pool_key_had():
    older = MultiItemQueryAttention(8, 2, 3)
    older.pool_key.bias = nn.Parameter(torch.ones(8))
    optimizer = torch.optim.Adam(older.parameters())
    trained(older, optimizer, steps=2)
    layer = MultiItemQueryAttention(8, 2, 3)
    checkpoint = copy.deepcopy(
        {"state_dict": older.state_dict(), "optimizer_states": [optimizer.state_dict()]}
    )

    modernise_checkpoint(checkpoint, layer.state_dict())
    layer.load_state_dict(checkpoint["state_dict"])
    todays = torch.optim.Adam(layer.parameters())
    todays.load_state_dict(checkpoint["optimizer_states"][0])

    trained(older, optimizer, steps=2)
    trained(layer, todays, steps=2)
    expected = {name: w for name, w in older.state_dict().items() if name != "pool_key.bias"}
    torch.testing.assert_close(dict(layer.state_dict()), expected, rtol=0, atol=0)


def test_a_checkpoint_of_today_stays_as_it_is():
    layer = nn.Sequential(nn.Linear(2, 2))
    optimizer = torch.optim.Adam(layer.parameters())
    checkpoint = {"state_dict": layer.state_dict(), "optimizer_states": [optimizer.state_dict()]}
    before = copy.deepcopy(checkpoint)
    modernise_checkpoint(checkpoint, layer.state_dict())
    assert str(checkpoint) == str(before)
