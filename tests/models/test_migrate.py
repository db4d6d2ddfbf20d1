"""Configs of older versions in today's form."""

import pytest

from miqrec.errors import MiqrecError
from miqrec.models.ablation import MIQSASRecAblationConfig
from miqrec.models.migrate import modernise
from miqrec.models.registry import build_model, parse_config
from miqrec.nn.ablations import ABLATIONS

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
