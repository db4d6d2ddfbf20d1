"""The last window: shares of positions, weights of queries, and where each looked."""

import polars as pl
import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.explanation import window_of
from miqrec.models.registry import build_model, find_model
from miqrec.models.sasrec import build_sasrec
from miqrec.models.watching import watch
from miqrec.nn.attention import Attention
from miqrec.nn.padding import newest
from miqrec.testing.checks import fresh

N_ITEMS, WINDOW, LAYERS = 20, 3, 2
HISTORY = torch.tensor([4, 8, 15, 16, 5])


@pytest.fixture(params=["sasrec", "s3rec"])
def model(request):
    config = find_model("miq-sasrec").config(
        block=request.param, dim=8, n_heads=1, n_layers=LAYERS, max_length=6, window=WINDOW
    )
    torch.manual_seed(0)
    model = build_model(config, N_ITEMS).eval()
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return model


def sums(frame, column):
    return frame.group_by("layer", "answer").agg(pl.col(column).sum())[column].to_list()


def test_what_spoke_and_where_it_looked_makes_what_each_layer_answers(model):
    """F_t = pool_value(sum_j alpha_j sum_s look_{j,s} v_s), for the newest position."""
    window = window_of(model, HISTORY)
    lengths = torch.tensor([5])

    for layer, call in enumerate(watch(model, HISTORY.unsqueeze(0), lengths), 1):
        rows = window.queries.filter(pl.col("layer") == layer)
        looks = torch.tensor(rows["looks"].to_list())  # (m, t)
        alpha = rows["weight"].to_torch()
        answers = looks @ call.layer.value(call.key_value)[0]  # (m, D)
        expected = newest(call.layer(*call.inputs, lengths=lengths), lengths)[0, 0]
        torch.testing.assert_close(call.layer.pool_value(alpha @ answers), expected)


def test_each_query_is_named_by_the_item_that_asks(model):
    asks = window_of(model, HISTORY).queries.filter(pl.col("layer") == 1)
    assert asks.select("answer", "query", "id").rows() == [(0, 0, 5), (0, 1, 16), (0, 2, 15)]

    short = window_of(model, HISTORY[:2]).queries.filter(pl.col("layer") == 1)
    assert short["id"].to_list() == [8, 4, 0]  # a dummy item stands before the first


def test_weights_and_looks_are_distributions_for_every_position_that_answers(model):
    queries = window_of(model, HISTORY, InferenceConfig(mix=(0.5, 0.3, 0.2))).queries

    assert queries.height == LAYERS * 3 * WINDOW
    assert sums(queries, "weight") == pytest.approx([1] * LAYERS * 3)
    assert queries["looks"].list.sum().to_list() == pytest.approx([1] * queries.height)


def test_a_position_looks_at_nothing_that_came_after_it(model):
    queries = window_of(model, HISTORY, InferenceConfig(mix=(0.5, 0.3, 0.2))).queries

    for answer in range(3):
        looks = torch.tensor(queries.filter(pl.col("answer") == answer)["looks"].to_list())
        assert (looks[:, 5 - answer :] == 0).all()
        assert (looks[:, : 5 - answer] > 0).all()


def test_positions_speak_with_the_shares_of_the_mixture(model):
    answers = window_of(model, HISTORY, InferenceConfig(mix=(0.5, 0.3, 0.2))).answers
    assert answers["position"].to_list() == [0, 1, 2]
    assert answers["id"].to_list() == [5, 16, 15]
    assert answers["share"].to_list() == pytest.approx([0.5, 0.3, 0.2])

    short = window_of(model, HISTORY[:2], InferenceConfig(mix=(0.5, 0.3, 0.2))).answers
    assert short["share"].to_list() == pytest.approx([0.5 / 0.8, 0.3 / 0.8])


def test_the_shares_of_a_trained_mixture_are_its_own(model):
    class FirstNumber(torch.nn.Module):
        n = 2

        def forward(self, states, valid):
            newest = states[:, 0, 0].sigmoid()
            return torch.stack([newest, 1 - newest], 1)

    model.mixture = FirstNumber()
    first = model(HISTORY.unsqueeze(0), torch.tensor([5]))[0, -1, 0].sigmoid().item()
    assert window_of(model, HISTORY).answers["share"].to_list() == pytest.approx([first, 1 - first])


def test_without_a_mixture_the_newest_position_speaks_alone(model):
    answers = window_of(model, HISTORY).answers
    assert answers.rows() == [(0, 5, 1.0)]


def test_of_a_long_history_what_the_model_reads_is_shown(model):
    window = window_of(model, torch.arange(1, 10))
    assert window.history.tolist() == [4, 5, 6, 7, 8, 9]
    assert set(window.queries["looks"].list.len()) == {6}


def test_ordinary_attention_asks_one_query_with_all_the_weight():
    config = find_model("sasrec").config(dim=8, n_heads=2, n_layers=2, max_length=6)
    queries = window_of(build_model(config, N_ITEMS).eval(), HISTORY).queries
    assert queries.select("layer", "query", "weight").rows() == [(1, 0, 1.0), (2, 0, 1.0)]


@pytest.mark.parametrize("name", ["gru4rec", "sr-gnn"])
def test_a_model_without_attention_has_positions_that_answer_and_no_queries(name):
    window = window_of(
        fresh(find_model(name).config(dim=8)), HISTORY, InferenceConfig(mix=(0.9, 0.1))
    )
    assert window.answers["share"].to_list() == pytest.approx([0.9, 0.1])
    assert window.queries.is_empty()


def test_attention_of_ones_own_may_keep_its_weights_to_itself():
    class Mean(Attention):
        causal = True

        def forward(self, query, key_value=None, *, lengths=None):
            return query.cumsum(1)

    model = build_sasrec(N_ITEMS, find_model("sasrec").config(dim=8), Mean).eval()
    assert window_of(model, HISTORY).queries.is_empty()


@pytest.mark.parametrize("name", ["markov", "popularity"])
def test_a_model_that_counts_has_no_positions_that_answer(name):
    window = window_of(fresh(find_model(name).config()), HISTORY)
    assert window.answers.is_empty()
    assert window.queries.is_empty()


def test_answers_that_a_model_does_not_have_are_refused(model):
    with pytest.raises(MiqrecError, match="7 answers can't be mixed"):
        window_of(model, HISTORY, InferenceConfig(mix=(0.4, *[0.1] * 6)))
