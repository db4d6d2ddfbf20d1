"""S3-Rec as a model: the mask among its items, and both directions on the same weights."""

import pytest
import torch
from pydantic import ValidationError

from miqrec.errors import MiqrecError
from miqrec.models.configs.s3rec import MIQS3RecConfig, S3RecConfig
from miqrec.models.configs.sasrec import SASRecConfig
from miqrec.models.registry import build_model
from miqrec.models.s3rec import S3Rec, build_miq_s3rec, build_s3rec
from miqrec.models.sasrec import build_sasrec
from miqrec.nn.attention import Attention, CausalSelfAttention, MultiItemQueryAttention

N_ITEMS, MASK = 9, 10
ITEMS = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 0, 0]])
LENGTHS = torch.tensor([5, 3])
CONFIGS = [
    S3RecConfig(dim=8, max_length=6),
    MIQS3RecConfig(dim=8, max_length=6, window=3),
]


@pytest.fixture(params=CONFIGS, ids=lambda config: config.name)
def model(request) -> S3Rec:
    return build_model(request.param, N_ITEMS).eval()


def test_the_published_sizes():
    config = S3RecConfig()
    assert (config.dim, config.n_layers, config.n_heads) == (64, 2, 2)
    assert (config.max_length, config.dropout) == (50, 0.5)
    assert MIQS3RecConfig().window == 5


def test_another_block_is_refused():
    with pytest.raises(ValidationError):
        S3RecConfig(block="sasrec")


def test_the_mask_is_never_recommended(model):
    assert model.mask == MASK
    assert model.item_vectors().shape == (1 + N_ITEMS, 8)
    assert model.scores(ITEMS, LENGTHS).shape == (2, 1 + N_ITEMS)


def test_the_mask_may_be_read(model):
    masked = ITEMS.masked_fill(ITEMS == 1, MASK)
    assert not torch.allclose(model(masked, LENGTHS), model(ITEMS, LENGTHS))


def test_the_mask_gets_no_gradient_from_fine_tuning(model):
    model.scores(ITEMS, LENGTHS).sum().backward()
    gradient = model.embedding.items.weight.grad
    assert not gradient[MASK].any()
    assert gradient[1:MASK].any(1).all()


def test_switching_the_direction_changes_no_weight(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    causal = model(ITEMS, LENGTHS)
    model.causal = False
    both_ways = model(ITEMS, LENGTHS)
    model.causal = True
    assert torch.equal(model(ITEMS, LENGTHS), causal)
    assert not torch.allclose(both_ways, causal)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_causal_state_does_not_know_what_comes_and_the_other_does(model):
    changed = ITEMS.clone()
    changed[0, 4] = 7
    assert torch.allclose(model(changed, LENGTHS)[0, :4], model(ITEMS, LENGTHS)[0, :4])
    model.causal = False
    difference = model(changed, LENGTHS) - model(ITEMS, LENGTHS)
    assert (difference[0].abs().amax(-1) > 1e-6).all()


def test_both_ways_padding_is_not_read(model):
    model.causal = False
    alone = model(ITEMS[1:, :3], LENGTHS[1:])
    assert torch.allclose(model(ITEMS, LENGTHS)[1:, :3], alone, atol=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_last_is_forward_at_the_newest_item(model, causal):
    model.causal = causal
    states = model(ITEMS, LENGTHS)
    newest = torch.stack([states[0, [4, 3, 2, 1]], states[1, [2, 1, 0, 0]]])
    assert torch.allclose(model.last(ITEMS, LENGTHS, 4), newest, atol=1e-6)


def test_it_is_sasrec_in_other_blocks_with_one_item_more():
    """The mask takes part in nothing unless it is read."""
    model = build_s3rec(N_ITEMS, CONFIGS[0]).eval()
    config = SASRecConfig(dim=8, max_length=6, block="s3rec")
    relative = build_sasrec(N_ITEMS + 1, config).eval()
    relative.load_state_dict(model.state_dict())
    assert torch.equal(model(ITEMS, LENGTHS), relative(ITEMS, LENGTHS))


def test_miq_s3rec_differs_in_the_attention_alone():
    """A window of one item is the ordinary attention: the same weights give the same states."""
    plain = build_s3rec(N_ITEMS, CONFIGS[0]).eval()
    miq = build_miq_s3rec(N_ITEMS, MIQS3RecConfig(dim=8, max_length=6, window=1)).eval()
    own, weights = miq.state_dict(), {}
    for name, value in plain.state_dict().items():
        if "attention.query." in name:
            name = name.replace("query.", "query_")  # noqa: PLW2901
            value = (value.T if "weight" in name else value).unsqueeze(0)  # noqa: PLW2901
        weights[name.replace("attention.out.", "attention.pool_value.")] = value
    assert weights.keys() == own.keys()
    miq.load_state_dict(weights)
    assert torch.allclose(miq(ITEMS, LENGTHS), plain(ITEMS, LENGTHS), atol=1e-6)
    kinds = [type(model.blocks[0].attention) for model in (plain, miq)]
    assert kinds == [CausalSelfAttention, MultiItemQueryAttention]


class OneWay(Attention):
    """An attention that has no other direction."""

    def forward(self, query, key_value=None, *, lengths=None):
        return query


def test_an_attention_that_knows_one_direction_is_not_switched():
    model = build_s3rec(N_ITEMS, CONFIGS[0], OneWay)
    with pytest.raises(MiqrecError, match="OneWay can't be read in both directions"):
        model.causal = False
