"""A recommender is fitted on whatever holds histories, and serves from others of another kind."""

import numpy as np
import polars as pl
import pytest

from miqrec import MiqrecError, Recommender
from miqrec.data import DataConfig, open_dataset

WALKS = [[(user + step) % 6 for step in range(4)] for user in range(12)]
FRAME = pl.DataFrame(
    [(user, item) for user, items in enumerate(WALKS) for item in items],
    schema=["user", "item"],
    orient="row",
)

KINDS = {
    "a data frame": FRAME,
    "lists": WALKS,
    "an array": np.array(WALKS),
    "a dictionary": dict(enumerate(WALKS)),
    "a data set": open_dataset(DataConfig(source=None), FRAME),
}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_histories_of_every_kind_give_the_same_model(data):
    rec = Recommender.fit(data, model="markov")
    assert rec.artifact.config.fingerprint == KINDS["a data set"].fingerprint
    assert rec.recommend(histories=[[2, 3]], k=1)["item"].to_list() == [4]


def test_numbers_and_strings_may_stand_side_by_side():
    rec = Recommender.fit([[1, 2, 3], ["a", "b", "a"]], model="popularity")
    assert set(rec.artifact.catalogue.frame["item"]) == {"1", "2", "3", "a", "b"}
    assert rec.recommend(histories=[[1]], k=4)["source"].to_list() == ["model"] * 4


def test_floats_are_known_as_histories_as_they_were_when_fitted():
    rec = Recommender.fit(FRAME.cast(pl.Float64), model="markov")
    lists = rec.recommend(histories=[[2.0, np.float64(3)]], k=1)
    assert lists["item"].to_list() == [4]


def test_a_saved_model_serves_from_data_of_another_kind(tmp_path):
    named = FRAME.rename({"user": "who", "item": "what"})
    Recommender.fit(named, model="markov", user="who", item="what").save(tmp_path / "model")
    rec = Recommender.load(tmp_path / "model")
    for data in (named, {"ann": [2, 3]}):
        lists = rec.recommend(data=data, users=list(data)[:1] if data is not named else [2], k=1)
        assert lists.height == 1


def test_who_is_served_is_not_filtered_as_training_was():
    rec = Recommender.fit(FRAME, model="markov", min_user=4, min_item=5, drop_duplicates=True)
    lists = rec.recommend(data={"new": [3, 4, 3, 4]}, k=1)
    assert lists["item"].to_list() == [5]


@pytest.mark.parametrize("data", [["heat", "ronin"], [1, 2], {"user": [1], "item": [2]}, 5, None])
def test_what_holds_no_histories_is_refused_in_one_sentence(data):
    with pytest.raises(MiqrecError) as error:
        Recommender.fit(data, model="popularity")
    assert "\n" not in str(error.value)
