"""The library in one class, as a person uses it."""

import pandas as pd
import polars as pl
import pytest

from miqrec import Recommender
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.runs.fit import fit_on_everything
from worlds import cycle, frame, small

CIRCLE = frame(cycle())
SIZES = {
    "dim": 16,
    "n_heads": 1,
    "max_length": 10,
    "window": 3,
    "learning_rate": 0.02,
    "epochs": 25,
}


@pytest.fixture(scope="module")
def rec() -> Recommender:
    return Recommender.fit(CIRCLE, model="miq-sasrec", dropout=0.0, **SIZES)


def test_the_next_item_of_the_circle_is_recommended_to_somebody_never_seen(rec):
    lists = rec.recommend(
        histories=[["item 03", "item 04", "item 05"], ["item 18", "item 19"]], k=3
    )

    assert lists.columns == ["user", "item", "title", "score", "rank", "source"]
    assert lists.filter(rank=1)["item"].to_list() == ["item 06", "item 00"]
    assert lists["user"].to_list() == [0, 0, 0, 1, 1, 1]


def test_known_users_are_called_by_their_names_and_come_in_the_order_asked_for(rec):
    lists = rec.recommend(users=[7, 3], k=2)

    assert lists["user"].to_list() == [7, 7, 3, 3]
    assert lists["rank"].to_list() == [1, 2, 1, 2]


def test_everybody_is_asked_for_by_default(rec):
    assert rec.recommend(k=1)["user"].to_list() == cycle().users.to_list()


def test_what_was_seen_is_not_recommended_unless_wanted(rec):
    history = ["item 03", "item 04", "item 05"]

    without = rec.recommend(histories=[history], k=17)["item"]
    complete = rec.recommend(histories=[history], k=20, exclude_seen=False)["item"]

    assert not set(history) & set(without)
    assert set(history) < set(complete)


def test_a_list_ends_where_the_unseen_items_do(rec):
    assert rec.recommend(histories=[["item 03", "item 04"]], k=20).height == 20 - 2


def test_an_empty_history_is_answered_with_popularity_and_marked(rec):
    lists = rec.recommend(histories=[[], ["item 01"]], k=3)

    popular = rec.artifact.counts.argsort()[::-1][:3] + 1
    assert sorted(rec.artifact.counts[popular - 1]) == sorted(lists["score"][:3])
    assert lists["source"].to_list() == ["popularity"] * 3 + ["model"] * 3


def test_unknown_items_are_skipped_with_a_warning_or_refused(rec):
    with pytest.warns(MiqrecWarning, match="1 of 3 .* not in the catalogue .*unicorn"):
        lists = rec.recommend(histories=[["item 04", "unicorn", "item 05"]], k=1)
    assert lists["item"].to_list() == ["item 06"]

    with pytest.raises(MiqrecError, match="unicorn"):
        rec.recommend(histories=[["item 04", "unicorn"]], on_unknown="error")


def test_a_wholly_unknown_history_is_answered_with_popularity(rec):
    with pytest.warns(MiqrecWarning, match="not in the catalogue"):
        assert set(rec.recommend(histories=[["unicorn"]])["source"]) == {"popularity"}


def test_an_unknown_user_is_an_error_that_names_them(rec):
    with pytest.raises(MiqrecError, match=r"no interactions of 1 of 1 users \(4711\)"):
        rec.recommend(users=[4711])


@pytest.mark.parametrize("k", [0, 21])
def test_k_must_fit_the_catalogue(rec, k):
    with pytest.raises(MiqrecError, match=f"k is {k}, but the catalogue has 20 items"):
        rec.recommend(histories=[["item 01"]], k=k)


def test_no_histories_at_all_is_an_error(rec):
    with pytest.raises(MiqrecError, match="nobody to recommend to"):
        rec.recommend(histories=[])


def test_saved_and_loaded_it_recommends_the_same(rec, tmp_path):
    rec.save(tmp_path / "model")

    again = Recommender.load(tmp_path / "model")

    asked = [["item 03", "item 04"], ["item 11"]]
    assert again.recommend(histories=asked).equals(rec.recommend(histories=asked))


def test_loaded_it_wants_the_data_again_for_known_users(rec, tmp_path):
    rec.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model")

    with pytest.raises(MiqrecError, match="holds no histories; bring the interactions again"):
        again.recommend(users=[7])

    assert again.recommend(users=[7], data=CIRCLE).equals(rec.recommend(users=[7]))
    assert again.evaluate(data=CIRCLE) == rec.evaluate()


def test_other_data_is_put_in_the_models_own_item_numbers(rec, tmp_path):
    rec.save(tmp_path / "model")
    others = pl.DataFrame({"user": ["ann"] * 3, "item": ["item 09", "item 10", "item 11"]})

    lists = Recommender.load(tmp_path / "model").recommend(users=["ann"], data=others, k=1)

    assert lists["item"].to_list() == ["item 12"]


def test_evaluating_on_other_data_warns_that_it_may_have_been_trained_on(rec):
    with pytest.warns(MiqrecWarning, match="not the data that the model was fitted on"):
        rec.evaluate(data=CIRCLE.head(60))


def test_a_model_fitted_on_everything_is_not_evaluated(tmp_path):
    final = fit_on_everything(small("popularity", cycle()), None, tmp_path)

    with pytest.raises(MiqrecError, match="fitted on everything"):
        Recommender(final, cycle()).evaluate()


def test_it_has_learned_the_circle(rec):
    assert rec.evaluate("test")["HR@5"] > 0.95


@pytest.mark.parametrize("make", [pl.DataFrame.to_pandas, pl.DataFrame.to_arrow, pl.DataFrame.lazy])
def test_frames_of_every_kind_give_the_same_model(make):
    expected = Recommender.fit(CIRCLE, model="markov")
    found = Recommender.fit(make(CIRCLE), model="markov")

    assert found.artifact.config.fingerprint == expected.artifact.config.fingerprint
    assert found.evaluate() == expected.evaluate()


def test_columns_may_be_named():
    log = pd.DataFrame(
        {"customer": [1, 1, 1, 2, 2, 2], "sku": list("abcabd"), "at": [1, 2, 3, 3, 2, 1]}
    )

    rec = Recommender.fit(log, model="popularity", user="customer", item="sku", time="at")

    assert rec.recommend(users=[2], k=1)["item"].to_list() == ["c"]


def test_titles_come_along():
    items = pl.DataFrame({"item": ["item 06"], "title": ["The Sixth"], "genres": ["Drama|Noir"]})

    rec = Recommender.fit(CIRCLE, model="markov", items=items)

    first = rec.recommend(histories=[["item 05"]], k=1)
    assert first["title"].to_list() == ["The Sixth"]


def test_an_unknown_setting_is_an_error_that_lists_the_known_ones():
    with pytest.raises(MiqrecError, match=r"sasrec has no setting 'windows'; it has dim, .*epochs"):
        Recommender.fit(CIRCLE, model="sasrec", windows=3)


def test_an_unknown_model_is_an_error_that_lists_the_known_ones():
    with pytest.raises(MiqrecError, match="no model 'sasrek'; choose one of sasrec, miq-sasrec"):
        Recommender.fit(CIRCLE, model="sasrek")


def test_a_window_larger_than_the_model_reads_is_an_error():
    with pytest.raises(MiqrecError, match="window 12 is larger than max_length 10"):
        Recommender.fit(CIRCLE, model="miq-sasrec", window=12, max_length=10)


def test_the_readme_example_runs():
    log = frame(cycle(n_users=40))
    rec = Recommender.fit(log, model="miq-sasrec", window=5, epochs=1)

    assert rec.recommend(histories=[["item 01", "item 02"]], k=10).height == 10


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"users": "ann"}, r"give a list of users, as in users=\['ann'\]"),
        ({"histories": ["item 01", "item 02"]}, "history 0 is 'item 01', not a list of items"),
        ({"histories": [["item 01", None]]}, "None is no item"),
        ({"histories": [["item 01"]], "k": True}, "k is True; give a whole number"),
        ({"histories": [["item 01"]], "k": 2.0}, r"k is 2\.0; give a whole number"),
        ({"users": [1], "histories": [["item 01"]]}, "users of the data or histories, not both"),
        ({"histories": [["item 01"]], "on_unknown": "raise"}, "by 'raise'; give 'skip' or 'error'"),
        ({"users": [1], "unknown_users": "drop"}, "by 'drop'; give 'skip' or 'error'"),
    ],
)
def test_what_is_asked_for_in_the_wrong_shape_is_named(rec, wrong, complaint):
    with pytest.raises(MiqrecError, match=complaint):
        rec.recommend(**wrong)


def test_unknown_users_are_left_out_by_option_and_said_so(rec):
    known = rec.dataset.users[0]

    with pytest.warns(MiqrecWarning, match=r"1 of 2 users \(nobody\); they were left out"):
        lists = rec.recommend(users=[known, "nobody"], k=1, unknown_users="skip")

    assert lists["user"].to_list() == [known]


@pytest.mark.parametrize("part", ["train", "Test", None])
def test_only_what_was_held_out_can_be_evaluated_on(rec, part):
    with pytest.raises(MiqrecError, match="give 'valid' or 'test'"):
        rec.evaluate(part)
    with pytest.raises(MiqrecError, match="give 'valid' or 'test'"):
        rec.evaluate_lists(part)


def test_users_who_have_had_every_item_are_counted():
    rec = Recommender.fit([[1, 2, 3, 4], [2, 3, 4, 1], [3, 4, 1]], model="markov")

    with pytest.warns(MiqrecWarning, match="1 of 2 users have had every item"):
        lists = rec.recommend(users=[0, 2], k=1)

    assert lists["user"].to_list() == [2]
