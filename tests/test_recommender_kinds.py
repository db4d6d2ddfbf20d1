"""Events of several kinds, from a log to lists: what is predicted, what it counts for, what is left out."""

import polars as pl
import pytest

from miqrec import MiqrecError, Recommender
from miqrec.errors import MiqrecWarning
from miqrec.stability.perturbations import named_perturbation

SMALL = {
    "model": "sasrec",
    "dim": 16,
    "n_heads": 1,
    "n_layers": 1,
    "max_length": 10,
    "dropout": 0.0,
    "epochs": 6,
    "batch_size": 32,
    "learning_rate": 0.01,
    "exclude_seen": False,
}
N_ITEMS = 12


def shop(n_users: int = 80) -> pl.DataFrame:
    """Everybody looks at items in a circle, and buys at every third step what is opposite."""
    rows = []
    for user in range(n_users):
        for step in range(18):
            at = (user + step) % N_ITEMS
            bought = step % 3 == 2
            rows.append((user, (at + N_ITEMS // 2) % N_ITEMS if bought else at, bought))
    log = pl.DataFrame(rows, schema=["user", "number", "bought"], orient="row")
    return log.select(
        "user",
        item=pl.format("item {}", pl.col("number")),
        kind=pl.when("bought").then(pl.lit("buy")).otherwise(pl.lit("view")),
    )


@pytest.fixture(scope="module")
def buyer() -> Recommender:
    return Recommender.fit(shop(), target_kinds="buy", **SMALL | {"epochs": 7})


def test_a_model_of_purchases_predicts_them_from_everything_and_is_asked_for_nothing_else(buyer):
    ranks = buyer.ranks()
    last = shop().filter(pl.col("kind") == "buy").group_by("user", maintain_order=True).last()
    assert buyer.artifact.catalogue.decode(ranks["target"]).to_list() == last["item"].to_list()
    assert buyer.evaluate()["NDCG@10"] > 0.9
    assert buyer.artifact.config.kinds == ("view", "buy")


def test_the_kinds_stay_with_a_saved_model(buyer, tmp_path):
    buyer.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model")
    assert again.artifact.config.split.target_kinds == ("buy",)
    assert again.evaluate(data=shop()) == buyer.evaluate()


def test_data_whose_kinds_have_changed_are_not_those_of_the_training():
    rec = Recommender.fit(shop(), model="markov", exclude_seen=False)
    carts = shop().with_columns(kind=pl.col("kind").replace({"view": "cart"}))

    with pytest.warns(MiqrecWarning, match="not the data that the model was fitted on"):
        rec.evaluate(data=carts)


def test_counting_models_count_what_is_predicted():
    popular = Recommender.fit(shop(), model="popularity", target_kinds="buy", exclude_seen=False)
    assert popular.artifact.counts.sum() == 4 * 80  # of six purchases two are held out


@pytest.mark.parametrize("loss", ["ce", "ce-last", "bce", "gbce", "sampled-ce"])
def test_every_loss_takes_weights_and_scaling_all_of_them_changes_nothing(loss):
    quick = SMALL | {"epochs": 1, "loss": loss, "drop_inputs": 0.3}
    one, two = (
        Recommender.fit(shop(20), target_kinds="buy", kind_weights={"buy": weight}, **quick)
        for weight in (0.5, 1)
    )
    assert one.history["loss"].to_list() == pytest.approx(two.history["loss"].to_list(), rel=1e-5)


@pytest.mark.parametrize("loss", ["ce", "sampled-ce"])
def test_answers_that_are_mixed_take_weights_too(loss):
    quick = SMALL | {"epochs": 1, "loss": loss, "answers": 3}
    one, two = (
        Recommender.fit(shop(20), target_kinds="buy", kind_weights=f"buy={weight}", **quick)
        for weight in (0.5, 1)
    )
    assert one.history["loss"].to_list() == pytest.approx(two.history["loss"].to_list(), rel=1e-5)


def test_weights_that_are_all_1_change_nothing():
    plain = Recommender.fit(shop(20), **SMALL | {"epochs": 2})
    weighed = Recommender.fit(shop(20), kind_weights="view=1 buy=1", **SMALL | {"epochs": 2})
    assert weighed.history["loss"].to_list() == pytest.approx(plain.history["loss"].to_list())


class TestWhatListsLeaveOut:
    LOG = pl.DataFrame(
        {
            "user": ["ann"] * 3 + ["bob"] * 3,
            "item": ["a", "b", "c", "b", "c", "d"],
            "kind": ["view", "buy", "view", "view", "view", "buy"],
        }
    )

    @pytest.fixture
    def rec(self) -> Recommender:
        return Recommender.fit(self.LOG, model="popularity", exclude_seen="buy", final=True)

    def test_only_what_was_bought_is_left_out(self, rec):
        lists = rec.recommend(k=4).group_by("user", maintain_order=True).agg("item")
        assert [sorted(items) for items in lists["item"]] == [["a", "c", "d"], ["a", "b", "c"]]

    def test_it_may_be_said_otherwise_for_a_list(self, rec):
        both = rec.recommend(["ann"], k=4, exclude_seen=("view", "buy"))
        assert both["item"].to_list() == ["d"]
        assert rec.recommend(["ann"], k=4, exclude_seen=False).height == 4

    def test_histories_bring_the_kinds_of_their_events(self, rec):
        lists = rec.recommend(histories=[["a", "b"]], kinds=[["view", "buy"]], k=4)
        assert sorted(lists["item"]) == ["a", "c", "d"]

    def test_histories_without_kinds_are_refused_unless_all_or_none_is_left_out(self, rec):
        with pytest.raises(MiqrecError, match="don't say of what kind their events are"):
            rec.recommend(histories=[["a", "b"]], k=2)
        assert rec.recommend(histories=[["a", "b"]], k=2, exclude_seen=True).height == 2

    def test_a_kind_for_each_item_or_none(self, rec):
        with pytest.raises(MiqrecError, match="the kind of event of each item"):
            rec.recommend(histories=[["a", "b"]], kinds=[["view"]])
        with pytest.raises(MiqrecError, match="kinds belong to histories"):
            rec.recommend(kinds=[["view"]])

    def test_an_unknown_kind_is_refused_in_every_place(self, rec):
        with pytest.raises(MiqrecError, match=r"no kind 'sell'; the kinds are view, buy"):
            rec.recommend(exclude_seen=("sell",))
        for setting in ({"exclude_seen": "sell"}, {"target_kinds": "sell"}):
            with pytest.raises(MiqrecError, match=r"no kind 'sell'; the kinds are view, buy"):
                Recommender.fit(self.LOG, model="popularity", **setting)
        with pytest.raises(MiqrecError, match=r"no kind 'sell'; the kinds are view, buy"):
            Recommender.fit(self.LOG, model="sasrec", kind_weights="sell=1")

    def test_a_target_that_was_only_looked_at_before_is_no_miss(self):
        log = pl.DataFrame(
            {
                "user": [1] * 4 + [2] * 4,
                "item": ["a", "b", "c", "a", "a", "b", "c", "a"],
                "kind": ["view", "view", "view", "buy", "buy", "view", "view", "buy"],
            }
        )
        rec = Recommender.fit(log, model="popularity", exclude_seen="buy")
        assert rec.ranks()["seen"].to_list() == [False, True]


def test_stability_ranks_what_lists_may_hold():
    rec = Recommender.fit(shop(), model="markov", exclude_seen="buy")
    frame = rec.stability(perturbations=[named_perturbation("newest-swapped")])
    assert frame["clean_rank"].to_list() == rec.ranks()["rank"].to_list()
    assert len(set(rec.recommend(k=6)["user"])) == 80  # nobody bought more than six of twelve
