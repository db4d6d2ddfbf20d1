"""An update goes on from a trained model: what it learns, what it keeps, and what it refuses."""

import polars as pl
import pytest

from commands import miqrec
from miqrec import MiqrecError, Recommender
from miqrec.runs.artifact import load_artifact
from miqrec.testing.frames import circle

SMALL = {
    "model": "sasrec",
    "dim": 16,
    "n_heads": 1,
    "n_layers": 1,
    "max_length": 10,
    "dropout": 0.0,
    "batch_size": 32,
    "learning_rate": 0.01,
    "epochs": 4,
}


def log(late: bool = True) -> pl.DataFrame:
    """The circle in 20 steps of time; later half of the users meet new items, and new users come."""
    rows = circle(60).with_columns(time=pl.int_range(pl.len()).over("user"))
    if not late:
        return rows
    news = circle(20, n_items=24).with_columns(
        time=pl.int_range(pl.len()).over("user") + 20, user=pl.col("user") + 50
    )
    return pl.concat([rows, news])


@pytest.fixture(scope="module")
def before() -> Recommender:
    return Recommender.fit(log(late=False), **SMALL, final=True)


@pytest.fixture(scope="module")
def after(before) -> Recommender:
    return before.update(log(), epochs=2)


def test_the_catalogue_grows_behind_what_was_known(before, after):
    old, new = before.artifact.catalogue.frame, after.artifact.catalogue.frame
    assert new["item"].head(old.height).equals(old["item"])
    assert set(new["item"].tail(4)) == {f"item {number}" for number in range(20, 24)}


def test_it_says_until_when_it_was_trained_and_counts_what_is_new(before, after):
    config = after.artifact.config
    assert (before.artifact.config.trained_until, config.trained_until) == ("11", "30")
    assert (config.updates, config.epochs) == (1, before.artifact.config.epochs + 2)
    assert after.artifact.counts.sum() == log().height


def test_the_model_that_it_starts_from_stays_as_it_is(before):
    weights = {name: value.clone() for name, value in before.artifact.model.state_dict().items()}
    before.update(log(), epochs=1)
    now = before.artifact.model.state_dict()
    assert all(value.equal(now[name]) for name, value in weights.items())


def test_it_is_decided_by_the_seed_and_the_number_of_updates(before, after):
    again = before.update(log(), epochs=2)
    vectors = after.artifact.model.item_vectors()
    assert again.artifact.model.item_vectors().equal(vectors)
    second = again.update(log().with_columns(pl.col("time") + 100), epochs=1)
    assert second.artifact.config.updates == 2


def test_an_update_makes_two_passes_unless_it_is_told_otherwise(before, after):
    usual = before.update(log()).artifact
    assert usual.config.epochs == before.artifact.config.epochs + 2
    assert usual.model.item_vectors().equal(after.artifact.model.item_vectors())


def test_it_learns_what_is_new_and_is_saved_like_any_other(after, tmp_path):
    after.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model")
    lists = again.recommend(histories=[["item 20", "item 21"]], k=1)
    assert lists["source"].to_list() == ["model"]
    assert again.recommend([69], data=log(), k=3).height == 3


def test_a_mixture_of_answers_goes_on_too(before, tmp_path):
    mixed = Recommender.fit(log(late=False), **SMALL, answers=3, final=True)
    updated = mixed.update(log(), epochs=1)
    assert updated.artifact.model.mixture.n == 3
    assert updated.artifact.model.mixture is not mixed.artifact.model.mixture


@pytest.mark.parametrize(
    ("values", "data", "reason"),
    [
        ({"epochs": 0}, log(), "greater than or equal to 1"),
        ({"window": 3}, log(), "there is no setting 'window'"),
        ({}, log(late=False), "no interaction is later"),
        ({}, log().drop("time"), "the data have none"),
        ({}, log().with_columns(pl.from_epoch(pl.col("time") + 1_700_000_000)), "have others"),
    ],
)
def test_what_can_not_be_done_is_one_sentence(before, values, data, reason):
    with pytest.raises(MiqrecError, match=reason):
        before.update(data, **values)


def test_models_that_count_or_hold_something_out_are_refused():
    counts = Recommender.fit(log(late=False), model="markov", final=True)
    with pytest.raises(MiqrecError, match="markov counts"):
        counts.update(log())
    held = Recommender.fit(log(late=False), **SMALL | {"epochs": 1})
    with pytest.raises(MiqrecError, match="fitted on everything"):
        held.update(log())


def test_on_the_command_line_the_log_may_have_grown_in_its_place(before, tmp_path):
    path = tmp_path / "log.csv"
    log(late=False).write_csv(path)
    Recommender.fit(path, **SMALL | {"epochs": 1}, final=True).save(tmp_path / "model")
    log().write_csv(path)
    done = miqrec("update", tmp_path / "model", "--out", tmp_path / "new", "--epochs", 1)
    assert done.returncode == 0, done.stderr
    assert "4 new items; trained on them" in done.stderr
    assert load_artifact(tmp_path / "new").config.updates == 1
    idle = miqrec("update", tmp_path / "new", "--out", tmp_path / "none")
    assert idle.returncode == 2
    assert "no interaction is later" in idle.stderr
    assert not (tmp_path / "none").exists()
