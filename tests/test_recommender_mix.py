"""Several answers mixed, as a person asks for them: of a model at hand, a saved one, or before training."""

import polars as pl
import pytest
import torch

from miqrec import Recommender
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.scoring import score_items
from worlds import cycle, frame

CIRCLE = frame(cycle())
SMALL = {"dim": 16, "n_heads": 1, "max_length": 10, "learning_rate": 0.02, "epochs": 5}


@pytest.fixture(scope="module")
def rec() -> Recommender:
    return Recommender.fit(CIRCLE, model="sasrec", dropout=0.0, **SMALL)


@pytest.fixture(scope="module")
def by_bce() -> Recommender:
    return Recommender.fit(CIRCLE, model="sasrec", dropout=0.0, loss="bce", **SMALL)


def test_a_list_and_a_rank_are_by_the_mixture(rec):
    history = ["item 03", "item 04", "item 09"]
    ids = torch.tensor(
        [[rec.artifact.catalogue.frame["item"].index_of(item) + 1 for item in history]]
    )
    seen = torch.zeros(3, dtype=torch.int64), ids[0]
    expected = score_items(
        rec.artifact.model,
        ids,
        torch.tensor([3]),
        rec.artifact.popularity,
        InferenceConfig(mix=(0.6, 0.4)),
        seen,
    )[0]

    lists = rec.recommend(histories=[history], k=17, mix="0.6 0.4")

    values, order = expected.sort(descending=True, stable=True)
    assert lists["item"].to_list() == [
        rec.artifact.catalogue.frame["item"][i - 1] for i in order[:17].tolist()
    ]
    assert lists["score"].to_list() == pytest.approx(values[:17].tolist())


def test_what_is_measured_is_what_is_served(rec):
    scores = rec.evaluate_lists("test", k=10, mix=(0.5, 0.5))

    assert scores["recall@10"] == pytest.approx(rec.evaluate("test", mix=(0.5, 0.5))["HR@10"])


def test_a_lone_answer_is_the_model(rec):
    assert rec.recommend(k=5, mix="1").equals(rec.recommend(k=5))
    assert rec.ranks(mix=(1.0,)).equals(rec.ranks())
    assert not rec.ranks(mix=(0.3, 0.7)).equals(rec.ranks())


def test_what_a_model_is_used_by_is_saved_with_it(rec, tmp_path):
    mixed = rec.with_inference(mix=(0.5, 0.5))
    mixed.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")

    assert loaded.ranks(data=CIRCLE).equals(rec.ranks(mix=(0.5, 0.5)))
    assert loaded.ranks(data=CIRCLE, mix="1").equals(rec.ranks())
    assert rec.artifact.config.inference == InferenceConfig()  # as it was


def test_validation_chooses_the_epoch_by_the_mixture_that_the_model_is_fitted_with():
    fitted = Recommender.fit(CIRCLE, model="sasrec", mix="0.6 0.4", **SMALL)

    assert fitted.artifact.config.inference.mix == (0.6, 0.4)
    assert fitted.history["NDCG@10"].max() == pytest.approx(fitted.evaluate("valid")["NDCG@10"])


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"mix": "0.6 0.3"}, "mix: the weights sum to 0.9"),
        ({"mix": "trained"}, "was not trained with a mixture"),
        ({"mix": [0.5] + [0.05] * 10}, "11 answers can't be mixed"),
        ({"mix": (0.6, 0.4), "temperature": 0}, "temperature: .* greater than 0"),
    ],
)
def test_what_can_not_be_mixed_is_refused(rec, asked, complaint):
    for use in (rec.evaluate, rec.evaluate_lists, rec.ranks, rec.recommend, rec.with_inference):
        with pytest.raises(MiqrecError, match=complaint):
            use(**asked)


def test_a_model_with_one_answer_has_nothing_to_mix():
    counted = Recommender.fit(CIRCLE, model="markov")
    with pytest.raises(MiqrecError, match="Markov has a single answer"):
        counted.recommend(k=3, mix="0.6 0.4")
    with pytest.raises(MiqrecError, match="Markov has a single answer"):
        Recommender.fit(CIRCLE, model="markov", mix="0.6 0.4")


def test_scores_of_bce_are_mixed_once_they_have_a_temperature(by_bce):
    with pytest.raises(MiqrecError, match="trained by bce has no probabilities"):
        by_bce.evaluate(mix="0.6 0.4")
    with pytest.raises(MiqrecError, match="trained by bce has no probabilities"):
        Recommender.fit(CIRCLE, model="sasrec", mix="0.6 0.4", loss="bce", **SMALL)

    temperature = by_bce.fit_temperature(mix="0.6 0.4")
    calibrated = by_bce.with_inference(mix="0.6 0.4", temperature=temperature)

    assert isinstance(calibrated.recommend(k=2), pl.DataFrame)
    assert calibrated.artifact.config.inference.temperature == temperature != 1
    assert calibrated.fit_temperature() == temperature != by_bce.fit_temperature()


def test_a_temperature_for_a_lone_answer_is_refused_but_may_be_kept_for_later(by_bce):
    with pytest.raises(MiqrecError, match="a temperature changes nothing where a single answer"):
        by_bce.recommend(k=5, temperature=3.0)

    assert by_bce.with_inference(temperature=3.0).recommend(k=5).equals(by_bce.recommend(k=5))
