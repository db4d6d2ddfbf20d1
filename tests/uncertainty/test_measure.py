"""Signals of a model's questions: those of its distributions, beside what came of its lists."""

import math

import numpy as np
import pytest
import torch

from miqrec.data.histories import Questions, some_questions
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.mixture import late_mixture
from miqrec.evaluation.top_lists import ListRequest
from miqrec.models.registry import build_model, find_model
from miqrec.uncertainty.measure import (
    measure_ensemble,
    measure_lists,
    measure_signals,
)
from miqrec.uncertainty.queries import newest_answers
from miqrec.uncertainty.signals import disagreement, entropy

N_ITEMS = 30
HISTORIES = [[1, 2, 3, 4], [5], [6, 7, 8]]
TARGETS = [9, 10, 7]  # the last one was seen
SIZES = {"dim": 8, "n_heads": 2, "n_layers": 2, "max_length": 6, "dropout": 0.1}


def questions():
    lengths = np.array([len(items) for items in HISTORIES])
    stops = lengths.cumsum()
    flat = np.array([item for items in HISTORIES for item in items], np.int32)
    return Questions(
        *(flat, np.array([4, 2, 7]), stops - lengths, stops, N_ITEMS, 9),
        targets=np.array(TARGETS, np.int32),
    )


def model(name, seed=0):
    options = {"window": 3} if name == "miq-sasrec" else {}
    torch.manual_seed(seed)
    made = build_model(find_model(name).config(**SIZES, **options), N_ITEMS).eval()
    for weights in made.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return made


def request(made, **inference):
    return ListRequest(made, torch.arange(N_ITEMS + 1.0), 3, InferenceConfig(**inference))


def log_p(made, place, temperature=1.0):
    items = HISTORIES[place]
    scores = made.scores(torch.tensor([items]), torch.tensor([len(items)])).detach() / temperature
    scores[:, [0, *items]] = -torch.inf
    return scores.log_softmax(1)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_signals_are_of_the_softmax_over_what_is_unseen(temperature):
    made = model("sasrec")
    frame = measure_signals(request(made, temperature=temperature), questions())
    p = log_p(made, 0, temperature).exp()[0]
    top = p.sort(descending=True).values
    row = frame.row(0, named=True)
    assert row["user"] == 4
    assert row["probability"] == pytest.approx(-math.log(p[9]), rel=1e-5)
    assert row["rank"] == (p >= p[9]).sum()
    assert row["cumulated"] == pytest.approx(float(p[p >= p[9]].sum()), rel=1e-5)
    assert row["list_probability"] == pytest.approx(float(top[:3].sum()), rel=1e-5)
    assert row["margin"] == pytest.approx(float(top[0] - top[1]), rel=1e-4)
    assert row["entropy"] == pytest.approx(entropy(p.log()[None]).item(), rel=1e-5)


def test_a_target_that_was_seen_is_in_no_list():
    frame = measure_signals(request(model("sasrec")), questions())
    assert frame["rank"][2] == frame["probability"][2] == frame["cumulated"][2] == math.inf


def test_without_a_mixture_the_newest_answers_are_compared_with_equal_weights():
    """The history of a single item has one answer, which agrees with itself."""
    made = model("sasrec")
    frame = measure_signals(request(made), questions())
    items, lengths = torch.tensor([HISTORIES[0]]), torch.tensor([4])
    states = made(items, lengths).detach().flip(1)  # newest first
    seen = torch.zeros(4, dtype=torch.int64), items[0]
    answers = [
        late_mixture(states[:, j : j + 1], made.item_vectors(), torch.ones(1), lengths, seen=seen)
        for j in range(4)
    ]
    expected = disagreement(answers, torch.full((4,), 1 / 4)).item()
    assert frame["disagreement"][0] == pytest.approx(expected, rel=1e-4)
    assert frame["disagreement"][1] == pytest.approx(0, abs=1e-6)


def test_with_a_mixture_its_own_answers_are_compared_and_its_distribution_counts():
    made = model("sasrec")
    frame = measure_signals(request(made, mix=(0.6, 0.4)), questions())
    items, lengths = torch.tensor([HISTORIES[0]]), torch.tensor([4])
    states = made(items, lengths).detach().flip(1)[:, :2]
    seen = torch.zeros(4, dtype=torch.int64), items[0]
    weights = torch.tensor([0.6, 0.4])
    p = late_mixture(states, made.item_vectors(), weights, lengths, seen=seen)
    answers = [
        late_mixture(states[:, j : j + 1], made.item_vectors(), torch.ones(1), lengths, seen=seen)
        for j in range(2)
    ]
    assert frame["entropy"][0] == pytest.approx(entropy(p).item(), rel=1e-5)
    assert frame["disagreement"][0] == pytest.approx(
        disagreement(answers, weights).item(), rel=1e-4
    )


def test_several_queries_have_a_dispersion_and_weights():
    frame = measure_signals(request(model("miq-sasrec")), questions())
    assert frame["dispersion"].is_between(0, 1).all()
    assert frame["query_entropy"].is_between(0, math.log(3) + 1e-6).all()
    assert "dispersion" not in measure_signals(request(model("sasrec")), questions()).columns


@pytest.mark.parametrize("block", ["sasrec", "s3rec"])
def test_the_answers_of_the_queries_are_those_that_the_layer_pools(block):
    torch.manual_seed(0)
    config = find_model("miq-sasrec").config(**SIZES, window=3, block=block)
    made = build_model(config, N_ITEMS).eval()
    items, lengths = torch.tensor([[1, 2, 3, 4], [5, 0, 0, 0]]), torch.tensor([4, 1])
    outputs, alpha = newest_answers(made, items, lengths)
    attention = made.blocks[-1].attention
    pooled = attention.pool_value((alpha.unsqueeze(1) @ outputs).squeeze(1))
    x = made.blocks[0](made.embedding(items, lengths), lengths)
    query = made.blocks[1].attention_norm(x) if block == "sasrec" else x
    expected = attention.last(query, x, lengths=lengths).squeeze(1)
    torch.testing.assert_close(pooled, expected)
    assert outputs.shape == (2, 3, 8)


def test_a_model_that_only_counts_has_the_signals_of_its_scores():
    made = build_model(find_model("popularity").config(), N_ITEMS)
    frame = measure_signals(request(made), questions())
    assert "entropy" in frame.columns
    assert "disagreement" not in frame.columns


def test_seeds_that_are_the_same_agree_and_others_do_not():
    one, other = request(model("sasrec")), request(model("sasrec", seed=1))
    same = measure_ensemble([one, one], questions())
    assert same["ensemble"].to_list() == pytest.approx([0, 0, 0], abs=1e-6)
    frame = measure_ensemble([one, other], questions())
    answers = [log_p(made.model, 0) for made in (one, other)]
    expected = disagreement(answers, torch.tensor([0.5, 0.5])).item()
    assert frame["ensemble"][0] == pytest.approx(expected, rel=1e-4)
    with pytest.raises(MiqrecError, match="at least two models"):
        measure_ensemble([one], questions())


def test_without_questions_there_is_nothing_to_measure():
    made, nobody = request(model("sasrec")), some_questions(questions(), np.array([], np.int64))
    for measure in (
        lambda: measure_signals(made, nobody),
        lambda: measure_ensemble([made, made], nobody),
        lambda: measure_lists(made, nobody, {"rank": 5.0, "probability": 1.0, "cumulated": 0.5}),
    ):
        with pytest.raises(MiqrecError, match="there are no questions"):
            measure()


def test_lists_are_as_long_as_their_thresholds_say():
    made = model("sasrec")
    limits = {"rank": 5.0, "probability": math.inf, "cumulated": 0.5}
    frame = measure_lists(request(made), questions(), limits)
    assert frame["rank"].to_list() == [5, 5, 5]
    assert frame["probability"].to_list() == [26, 29, 27]  # all but the history's
    top = log_p(made, 0).exp()[0].sort(descending=True).values.cumsum(0)
    assert frame["cumulated"][0] == (top <= 0.5).sum()
