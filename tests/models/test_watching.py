"""The calls of attention layers, read off a pass without anything attached to the model."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from miqrec.models.registry import build_model, find_model
from miqrec.models.watching import can_be_watched, watch

ITEMS, LENGTHS = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0]]), torch.tensor([5, 3])


@pytest.fixture(params=["sasrec", "s3rec"])
def model(request):
    config = find_model("miq-sasrec").config(
        block=request.param, dim=8, n_heads=2, n_layers=3, max_length=9, window=3
    )
    return build_model(config, 20).eval()


def test_calls_are_those_of_the_model_s_own_pass(model):
    heard = []
    for block in model.blocks:
        block.attention.register_forward_pre_hook(
            lambda layer, inputs, options: heard.append((layer, inputs, options["lengths"])),
            with_kwargs=True,
        )
    model(ITEMS, LENGTHS)
    own = list(heard)

    calls = watch(model, ITEMS, LENGTHS)

    assert len(calls) == len(own) == 3
    for call, (layer, inputs, lengths) in zip(calls, own, strict=True):
        assert call.layer is layer
        torch.testing.assert_close(call.inputs, inputs)
        assert call.lengths is lengths is LENGTHS


def test_other_threads_may_run_the_model_meanwhile(model):
    expected = [call.weights().attention for call in watch(model, ITEMS, LENGTHS)]

    def look(turn):
        if turn % 2:
            return model.scores(ITEMS, LENGTHS) is not None
        seen = [call.weights().attention for call in watch(model, ITEMS, LENGTHS)]
        return len(seen) == 3 and all(map(torch.equal, seen, expected))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(look, range(80)))


def test_models_of_other_kinds_can_not_be_watched():
    assert not can_be_watched(build_model(find_model("gru4rec").config(dim=8), 20))
