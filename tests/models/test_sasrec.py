"""SASRec with either attention and either block: what a state may depend on, and what it costs."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from miqrec.errors import MiqrecError
from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.models.registry import build_model
from miqrec.models.sasrec import build_sasrec
from miqrec.nn.attention import Attention, CausalSelfAttention
from miqrec.nn.initialisation import initialise
from miqrec.nn.padding import newest, valid

N_ITEMS, LENGTHS = 20, torch.tensor([6, 4, 1])
CONFIGS = {
    f"{name}, {block} block": config(dim=8, max_length=6, block=block, **window)
    for block in ("sasrec", "s3rec")
    for name, config, window in (
        ("one query", SASRecConfig, {}),
        ("three queries", MIQSASRecConfig, {"window": 3}),
    )
}


def build(config):
    torch.manual_seed(0)
    return build_model(config, N_ITEMS).eval()


@pytest.fixture(params=CONFIGS)
def model(request):
    return build(CONFIGS[request.param])


def histories(lengths=LENGTHS, length=6, seed=0):
    items = torch.randint(1, N_ITEMS + 1, (len(lengths), length), generator=torch.manual_seed(seed))
    return items * valid(lengths, length)


models = st.sampled_from(sorted(CONFIGS)).map(lambda name: build(CONFIGS[name]))


@settings(max_examples=12, deadline=None)
@given(model=models, t=st.integers(0, 4), seed=st.integers(0, 9))
def test_a_state_never_changes_with_later_items(model, t, seed):
    lengths = torch.tensor([6, 6, 6])
    items, others = histories(lengths, seed=seed), histories(lengths, seed=seed + 100)
    changed = torch.cat([items[:, : t + 1], others[:, t + 1 :]], 1)
    torch.testing.assert_close(
        model(changed, lengths)[:, : t + 1], model(items, lengths)[:, : t + 1]
    )


def test_padding_never_changes_a_valid_state(model):
    items = histories()
    for row, length in enumerate(LENGTHS):
        alone = model(items[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(model(items, LENGTHS)[row : row + 1, :length], alone)


def test_last_is_the_newest_valid_state(model):
    states = model(histories(), LENGTHS)
    torch.testing.assert_close(
        model.last(histories(), LENGTHS).squeeze(1), states[torch.arange(3), LENGTHS - 1]
    )


def test_scores_are_dot_products_with_the_input_embedding(model):
    scores = model.scores(histories(), LENGTHS)
    expected = model.last(histories(), LENGTHS).squeeze(1) @ model.embedding.items.weight.T
    torch.testing.assert_close(scores, expected)
    assert scores.shape == (3, N_ITEMS + 1)


def test_only_the_newest_max_length_items_count(model):
    lengths = torch.tensor([9, 7, 2])
    items = histories(lengths, 9)
    newest = torch.stack([items[0, 3:9], items[1, 1:7], items[2, :6]])
    expected = model.last(newest, torch.tensor([6, 6, 2]))
    torch.testing.assert_close(model.last(items, lengths), expected)
    scores = expected.squeeze(1) @ model.item_vectors().T
    torch.testing.assert_close(model.scores(items, lengths), scores)


def test_a_batch_longer_than_the_model_is_refused(model):
    with pytest.raises(MiqrecError, match="length 7 does not fit a model of max_length 6"):
        model(histories(torch.tensor([7]), 7), torch.tensor([7]))


def test_scores_are_float32_under_autocast(model):
    with torch.autocast("cpu", torch.bfloat16):
        state = model.last(histories(), LENGTHS).squeeze(1)
        scores = model.scores(histories(), LENGTHS)
    assert scores.dtype == torch.float32
    torch.testing.assert_close(scores, state.float() @ model.item_vectors().T)


D, L = 8, 6
EMBEDDINGS = (N_ITEMS + 1) * D + L * D
LINEAR, NORM = D * D + D, 2 * D
ONE_QUERY = 4 * LINEAR  # query, key, value, out
THREE_QUERIES = 3 * LINEAR + 2 * D + 5 * LINEAR - D  # window, dummies; key, value, three of pooling
SASREC_REST = 2 * LINEAR + 2 * NORM
S3REC_REST = (D * 4 * D + 4 * D) + (4 * D * D + D) + 2 * NORM


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("one query, sasrec block", EMBEDDINGS + 2 * (ONE_QUERY + SASREC_REST) + NORM),
        ("three queries, sasrec block", EMBEDDINGS + 2 * (THREE_QUERIES + SASREC_REST) + NORM),
        ("one query, s3rec block", EMBEDDINGS + NORM + 2 * (ONE_QUERY + S3REC_REST)),
        ("three queries, s3rec block", EMBEDDINGS + NORM + 2 * (THREE_QUERIES + S3REC_REST)),
    ],
)
def test_parameters_are_as_many_as_their_shapes_say(name, expected):
    assert sum(p.numel() for p in build(CONFIGS[name]).parameters()) == expected


def test_gradients_reach_every_parameter_that_can_get_one(model):
    initialise(model, nn.init.orthogonal_)  # S3-Rec's start makes some too small to tell from none
    states = model(histories(), LENGTHS)[valid(LENGTHS, 6)]
    (states @ model.item_vectors()[1:].T).logsumexp(-1).sum().backward()
    without = {
        name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-6
    }
    assert all(name.endswith("key.bias") for name in without), without
    assert not model.item_vectors().grad[0].any()


def test_attention_is_a_part():
    made = []

    def attention():
        made.append(CausalSelfAttention(8, 1))
        return made[-1]

    model = build_sasrec(N_ITEMS, SASRecConfig(dim=8, n_layers=3), attention)
    assert [block.attention for block in model.blocks] == made


class Mean(Attention):
    """An attention of one's own: the mean of the values so far."""

    def __init__(self):
        super().__init__()
        self.value = nn.Linear(8, 8)

    def forward(self, query, key_value=None, *, lengths=None):
        values = self.value(query if key_value is None else key_value)
        return values.cumsum(1) / torch.arange(1, query.shape[1] + 1)[:, None]


@pytest.mark.parametrize("block", ["sasrec", "s3rec"])
def test_an_attention_of_ones_own_brings_no_more_than_its_forward(block):
    model = build_sasrec(N_ITEMS, SASRecConfig(dim=8, max_length=6, block=block), Mean).eval()
    expected = newest(model(histories(), LENGTHS), LENGTHS, 3)
    torch.testing.assert_close(model.last(histories(), LENGTHS, 3), expected)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_seed_gives_the_same_weights_twice(name):
    first, second = build(CONFIGS[name]).state_dict(), build(CONFIGS[name]).state_dict()
    torch.testing.assert_close(dict(first), dict(second), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"window": 7, "max_length": 6}, "window 7 is larger than max_length 6"),
        ({"dim": 10, "n_heads": 4}, "n_heads 4 must divide dim 10"),
        ({"window": 0}, "window"),
        ({"pooling": "max"}, "pooling"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_sizes_that_cannot_be_are_refused(values, sentence):
    with pytest.raises(ValidationError, match=sentence):
        MIQSASRecConfig(**values)


class Scores(nn.Module):
    """`scores` as a module, which is what can be exported."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, items, lengths):
        return self.model.scores(items, lengths)


def test_scores_compile_into_one_graph_and_are_exported_for_every_batch_and_length():
    scores = Scores(build(CONFIGS["three queries, sasrec block"])).eval()
    compiled = torch.compile(scores, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(histories(), LENGTHS), scores(histories(), LENGTHS))

    B, L = torch.export.Dim("B"), torch.export.Dim("L", max=6)
    shapes = {"items": {0: B, 1: L}, "lengths": {0: B}}
    inputs = histories(LENGTHS[1:], 4), LENGTHS[1:]
    program = torch.export.export(scores, inputs, dynamic_shapes=shapes).module()
    torch.testing.assert_close(program(histories(), LENGTHS), scores(histories(), LENGTHS))
