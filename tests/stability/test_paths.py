"""The written-out forward is the model's own, and each path carries the odd item or keeps it out."""

import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.models.gru4rec import GRU4RecConfig
from miqrec.models.registry import build_model, find_model
from miqrec.stability.paths import PATHS, block_inputs, check_patchable, patched_state

N_ITEMS = 30
CLEAN = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 0, 0, 0], [10, 0, 0, 0, 0, 0]])
LENGTHS = torch.tensor([6, 3, 1])
NOISY = torch.tensor([[1, 2, 3, 4, 5, 6, 20], [7, 8, 9, 21, 0, 0, 0], [10, 22, 0, 0, 0, 0, 0]])
SIZES = {
    "dim": 8,
    "n_heads": 2,
    "n_layers": 2,
    "dropout": 0.3,
    "max_length": 6,
}  # 6: the longest is cut


@pytest.fixture(params=["sasrec", "s3rec"])
def block(request):
    return request.param


@pytest.fixture(params=["sasrec", "miq-sasrec"])
def model(request, block):
    window = {"window": 4} if request.param == "miq-sasrec" else {}
    config = find_model(request.param).config(block=block, **SIZES, **window)
    torch.manual_seed(0)
    model = build_model(config, N_ITEMS).eval()
    for weights in model.parameters():  # biases start at zero, and would hide a mistake
        torch.nn.init.normal_(weights, std=0.5)
    return model


def patched(model, *names_by_block):
    noisy, clean = block_inputs(model, NOISY, LENGTHS + 1), block_inputs(model, CLEAN, LENGTHS)
    return patched_state(model, noisy, clean, names_by_block)


def state(model, items, lengths):
    return model.last(items, lengths).squeeze(1)


def test_with_every_path_open_it_is_the_models_own_state_of_the_noisy_history(model):
    torch.testing.assert_close(patched(model, [], []), state(model, NOISY, LENGTHS + 1))


def test_with_every_path_patched_it_is_the_models_own_state_of_the_clean_history(model):
    torch.testing.assert_close(patched(model, PATHS, PATHS), state(model, CLEAN, LENGTHS))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("layer", [0, 1])
def test_each_path_of_each_block_alone_changes_the_state(model, path, layer):
    names = [[], []]
    names[layer] = [path]
    result = patched(model, *names)
    assert not torch.isclose(result, state(model, NOISY, LENGTHS + 1)).all(-1).any()


@pytest.mark.parametrize("path", PATHS)
def test_one_open_path_in_the_last_block_carries_the_odd_item(model, path):
    """Except that a query has no say where there is one item to attend to."""
    clean = block_inputs(model, CLEAN, LENGTHS)
    others = NOISY.clone()
    others[torch.arange(3), LENGTHS] = 25
    closed = [name for name in PATHS if name != path]
    one, other = (
        patched_state(model, block_inputs(model, items, LENGTHS + 1), clean, [[], closed])
        for items in (NOISY, others)
    )
    assert not torch.isclose(one, other).all(-1)[LENGTHS > 1].any()


def test_the_residual_of_the_last_block_is_added_to_what_attention_answers(block):
    """Attention that answers nothing leaves the residual alone to speak: then it is all that counts."""
    config = find_model("sasrec").config(block=block, **SIZES)
    model = build_model(config, N_ITEMS).eval()
    for layer in model.blocks:
        torch.nn.init.zeros_(layer.attention.out.weight)
    noisy, clean = state(model, NOISY, LENGTHS + 1), state(model, CLEAN, LENGTHS)
    torch.testing.assert_close(patched(model, ["query", "key-value"], PATHS[:2]), noisy)
    torch.testing.assert_close(patched(model, [], ["residual"]), clean)


def test_a_model_without_such_blocks_is_refused():
    model = build_model(GRU4RecConfig(dim=8), N_ITEMS)
    with pytest.raises(MiqrecError, match="the paths of GRU4Rec are not known here"):
        check_patchable(model)


def test_a_model_that_mixes_answers_is_refused(model):
    model.mixture = torch.nn.Identity()
    with pytest.raises(MiqrecError, match="mixes the answers of several positions"):
        check_patchable(model)
