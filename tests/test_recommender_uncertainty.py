"""`recommend(..., with_uncertainty=True)`: how likely each item is, and which models can't say."""

import pytest
import torch

from miqrec import Recommender
from miqrec.errors import MiqrecError
from worlds import SIZES, cycle, frame


def fitted(model="miq-sasrec", **values):
    sizes = (
        {}
        if model == "markov"
        else {name: SIZES[name] for name in ("dim", "n_heads", "max_length")}
    )
    epochs = {} if model == "markov" else {"epochs": 2, "batch_size": 32}
    return Recommender.fit(frame(cycle()), model, **sizes, **epochs, **values)


@pytest.fixture(scope="module")
def rec():
    return fitted(window=3)


@pytest.fixture(scope="module")
def items(rec):
    return rec.artifact.catalogue.frame["item"].to_list()


def test_the_probabilities_are_the_softmax_over_what_is_unseen(rec, items):
    history = items[:3]
    lists = rec.recommend(histories=[history], k=5, with_uncertainty=True)
    ids = torch.tensor([[1, 2, 3]])
    scores = rec.artifact.model.scores(ids, torch.tensor([3])).detach()[0]
    p = scores[4:].softmax(0)  # all but padding and the three
    assert lists["probability"].to_list() == pytest.approx(
        p.sort(descending=True).values[:5].tolist()
    )
    assert lists.columns[-1] == "probability"


def test_all_candidates_together_are_certain(rec, items):
    lists = rec.recommend(histories=[items[:3]], k=20, mix=(0.6, 0.4), with_uncertainty=True)
    assert lists["probability"].sum() == pytest.approx(1)
    assert lists["probability"].is_sorted(descending=True)


def test_a_temperature_flattens_them_and_leaves_the_list(rec, items):
    asked = {"histories": [items[:3]], "k": 5, "with_uncertainty": True}
    plain, flat = rec.recommend(**asked), rec.recommend(**asked, temperature=3.0)
    saved = rec.with_inference(temperature=3.0).recommend(**asked)
    assert flat["item"].to_list() == plain["item"].to_list()
    assert flat["probability"][0] < plain["probability"][0]
    assert saved.equals(flat)


def test_popularity_knows_no_probabilities(rec):
    lists = rec.recommend(histories=[[]], with_uncertainty=True)
    assert lists["source"].unique().to_list() == ["popularity"]
    assert lists["probability"].null_count() == lists.height


def test_without_it_lists_are_as_before(rec, items):
    plain = rec.recommend(histories=[items[:3]], k=5)
    sure = rec.recommend(histories=[items[:3]], k=5, with_uncertainty=True)
    assert plain.equals(sure.drop("probability"))


def test_a_model_that_only_counts_cannot_say():
    with pytest.raises(MiqrecError, match="without saying how likely they are"):
        fitted("markov").recommend(histories=[[]], with_uncertainty=True)


def test_a_loss_without_probabilities_needs_a_temperature(items):
    rec = fitted("sasrec", loss="bce")
    with pytest.raises(MiqrecError, match="trained by bce has no probabilities"):
        rec.recommend(histories=[items[:3]], with_uncertainty=True)
    calibrated = rec.with_inference(temperature=rec.fit_temperature())
    assert (
        "probability" in calibrated.recommend(histories=[items[:3]], with_uncertainty=True).columns
    )
