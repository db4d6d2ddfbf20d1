"""One function gives scores for ranks and lists: the model's own, a mixture's, or popularity's."""

import math
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.mixture import late_mixture
from miqrec.evaluation.scoring import score_items, score_mixes
from miqrec.models.configs.gru4rec import GRU4RecConfig
from miqrec.models.configs.markov import MarkovConfig
from miqrec.models.configs.popularity import PopularityConfig
from miqrec.models.configs.s3rec import MIQS3RecConfig
from miqrec.models.configs.sasrec import MIQSASRecConfig, SASRecConfig
from miqrec.models.configs.srgnn import SRGNNConfig
from miqrec.models.protocol import Learner, Model, NamedConfig
from miqrec.models.registry import build_model
from miqrec.nn.padding import trim

N_ITEMS, READ = 12, 5
POPULARITY = torch.arange(N_ITEMS + 1.0)
TWO = InferenceConfig(mix=(0.6, 0.4))
ALL = InferenceConfig(exclude_seen=False, mix=(0.6, 0.4))
SIZES: dict[str, Any] = {"dim": 8, "max_length": READ, "dropout": 0.0}
ENCODERS: list[NamedConfig] = [
    SASRecConfig(**SIZES),
    MIQSASRecConfig(**SIZES, window=3),
    MIQS3RecConfig(**SIZES, window=3),
    GRU4RecConfig(**SIZES, hidden=8),
    SRGNNConfig(**SIZES),
]
names = lambda config: config.name  # noqa: E731


def built(config: NamedConfig) -> Model:
    return build_model(config, N_ITEMS).eval()


def histories(*lengths: int) -> tuple[Tensor, Tensor]:
    """Random items, padded on the right, and the lengths."""
    items = torch.randint(1, N_ITEMS + 1, (len(lengths), max(*lengths, 1)))
    valid = torch.arange(items.shape[1]) < torch.tensor(lengths).unsqueeze(1)
    return items * valid, torch.tensor(lengths)


def pairs(items: Tensor) -> tuple[Tensor, Tensor]:
    """All that each history holds."""
    rows, columns = items.nonzero(as_tuple=True)
    return rows, items[rows, columns]


@pytest.mark.parametrize("config", ENCODERS, ids=names)
@pytest.mark.parametrize("mix", [None, (1.0,)])
def test_a_lone_answer_is_the_model_bit_for_bit(config, mix):
    model, (items, lengths) = built(config), histories(1, 3, 8)
    rows, seen = pairs(items)
    expected = model.scores(items, lengths)
    expected[rows, seen] = expected[:, 0] = -math.inf
    scores = score_items(model, items, lengths, POPULARITY, InferenceConfig(mix=mix), (rows, seen))
    assert torch.equal(scores, expected)


@pytest.mark.parametrize("config", ENCODERS, ids=names)
def test_two_answers_are_rows_of_one_forward_over_the_trimmed_history(config):
    """Of 8 items the newest 5 are read, and the last two of these five positions answer."""
    model, (items, lengths) = cast(Learner, built(config)), histories(1, 3, 8)
    read, sizes = trim(items, lengths, READ)
    rows = torch.stack([sizes - 1, (sizes - 2).clamp(min=0)], dim=1)
    states = model(read, sizes)[torch.arange(3).unsqueeze(1), rows]
    weights = torch.tensor([[1.0, 0], [0.6, 0.4], [0.6, 0.4]])  # one item has one answer

    scores = score_items(model, items, lengths, POPULARITY, TWO, pairs(items))

    expected = late_mixture(states, model.item_vectors(), weights, sizes, seen=pairs(items))
    torch.testing.assert_close(scores, expected)


@pytest.mark.parametrize("config", ENCODERS, ids=names)
def test_all_weight_on_the_newest_answer_ranks_as_the_model_does(config):
    model, (items, lengths) = built(config), histories(1, 3, 8)
    alone, certain = score_mixes(
        model,
        items,
        lengths,
        POPULARITY,
        [InferenceConfig(), InferenceConfig(mix=(1, 0, 0))],
        pairs(items),
    )
    assert torch.equal(
        alone.argsort(descending=True, stable=True), certain.argsort(descending=True, stable=True)
    )


def test_without_exclusion_the_softmaxes_run_over_all_items():
    model, (items, lengths) = built(ENCODERS[0]), histories(4, 8)
    scores = score_items(model, items, lengths, POPULARITY, ALL, pairs(items))
    assert scores[:, 1:].exp().sum(1).tolist() == pytest.approx([1, 1])
    assert torch.equal(scores, score_items(model, items, lengths, POPULARITY, ALL))


def test_what_is_left_out_has_no_part_in_the_softmaxes():
    model, (items, lengths) = built(ENCODERS[0]), histories(4, 8)
    scores = score_items(model, items, lengths, POPULARITY, TWO, pairs(items))
    assert scores.exp().sum(1).tolist() == pytest.approx([1, 1])
    assert scores[pairs(items)].isneginf().all()


def test_popularity_answers_where_there_is_no_history():
    model, (items, lengths) = built(ENCODERS[0]), histories(0, 4)
    for inference in (InferenceConfig(), TWO):
        scores = score_items(model, items, lengths, POPULARITY, inference, pairs(items))
        assert scores[0, 1:].tolist() == POPULARITY[1:].tolist()
        assert scores[1, 1:].max() < 4  # the model answers the other


def test_a_history_of_every_item_leaves_no_candidate_and_is_no_error():
    model = built(ENCODERS[0])
    items, lengths = torch.arange(1, N_ITEMS + 1).unsqueeze(0), torch.tensor([N_ITEMS])
    for inference in (InferenceConfig(), TWO):
        scores = score_items(model, items, lengths, POPULARITY, inference, pairs(items))
        assert scores.isneginf().all()


def test_each_of_several_mixes_is_scored_as_it_is_alone():
    model, (items, lengths) = built(ENCODERS[1]), histories(1, 3, 8)
    mixes = [InferenceConfig(), TWO, ALL, InferenceConfig(mix=(0.5, 0.3, 0.2), temperature=2)]
    for inference, scores in zip(
        mixes, score_mixes(model, items, lengths, POPULARITY, mixes, pairs(items)), strict=True
    ):
        alone = score_items(model, items, lengths, POPULARITY, inference, pairs(items))
        torch.testing.assert_close(scores, alone)


class Half(nn.Module):
    """A trained mixture that gives both of its answers a half, or the newest all where it is alone."""

    n = 2

    def forward(self, states: Tensor, valid: Tensor) -> Tensor:
        weights = torch.full(states.shape[:2], 0.5)
        weights[valid == 1] = torch.tensor([1.0, 0.0])
        return weights


def test_a_model_that_was_trained_with_a_mixture_mixes_unless_told_otherwise():
    model, (items, lengths) = built(ENCODERS[0]), histories(1, 3, 8)
    plain, half = score_mixes(
        model, items, lengths, POPULARITY, [InferenceConfig(), InferenceConfig(mix=(0.5, 0.5))]
    )
    cast(Any, model).mixture = Half()
    for mix, expected in ((None, half), ("trained", half), ((1.0,), plain), ((0.5, 0.5), half)):
        scores = score_items(model, items, lengths, POPULARITY, InferenceConfig(mix=mix))
        torch.testing.assert_close(scores, expected)


@pytest.mark.parametrize("inference", [InferenceConfig(), TWO])
def test_a_broken_weight_is_an_error_in_a_mixture_too(inference):
    model, (items, lengths) = built(ENCODERS[0]), histories(3, 5)
    cast(Learner, model).item_vectors().data[3, 0] = math.nan
    with pytest.raises(MiqrecError, match="scores are NaN or infinite"):
        score_items(model, items * (items != 3), lengths, POPULARITY, inference)


REFUSED = [
    (PopularityConfig(), TWO, "Popularity has a single answer to a history"),
    (MarkovConfig(), TWO, "Markov has a single answer to a history"),
    (PopularityConfig(), InferenceConfig(mix="trained"), "was not trained with a mixture"),
    (ENCODERS[0], InferenceConfig(mix="trained"), "was not trained with a mixture"),
    (ENCODERS[0], InferenceConfig(mix=[1 / 6] * 6), "6 answers can't be mixed: .* newest 5 items"),
]


@pytest.mark.parametrize(("config", "inference", "complaint"), REFUSED)
def test_answers_that_a_model_does_not_have_are_refused(config, inference, complaint):
    with pytest.raises(MiqrecError, match=complaint):
        score_items(built(config), *histories(3), POPULARITY, inference)


def test_a_single_answer_needs_nothing_but_scores():
    scores = score_items(
        built(PopularityConfig()), *histories(3), POPULARITY, InferenceConfig(mix=(1,))
    )
    assert scores[0, 1:].tolist() == [0.0] * N_ITEMS
