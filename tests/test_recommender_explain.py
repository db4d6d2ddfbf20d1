"""`Recommender.explain`: the items of a history that count for what is recommended, by their names."""

import pytest

from miqrec import Recommender
from miqrec.errors import MiqrecError, MiqrecWarning
from worlds import SIZES, cycle, frame

CIRCLE = frame(cycle())


@pytest.fixture(scope="module")
def rec():
    sizes = {name: SIZES[name] for name in ("dim", "n_heads", "max_length", "window")}
    return Recommender.fit(
        CIRCLE, "miq-sasrec", **sizes, epochs=8, batch_size=32, learning_rate=0.02
    )


HISTORY = ["item 15", "item 03", "item 04", "item 05"]


def test_the_items_of_the_list_are_explained_each_by_every_item_of_the_history(rec):
    found = rec.explain(history=HISTORY, k=3)
    listed = rec.recommend(histories=[HISTORY], k=3)

    assert found.unique("item", keep="first", maintain_order=True)["item"].equals(listed["item"])
    assert found["because"].n_unique() == 4
    assert found.columns == [
        *("item", "title", "rank", "because", "because_title", "position", "influence"),
        "rank_without",
    ]


def test_on_a_circle_the_newest_item_counts_most_for_the_one_after_it(rec):
    first = rec.explain(history=HISTORY, k=1).row(0, named=True)

    assert (first["item"], first["because"], first["position"]) == ("item 06", "item 05", 0)
    assert first["influence"] > 0


def test_the_place_without_an_item_is_that_of_the_list_without_it(rec):
    found = rec.explain(history=HISTORY, items=["item 06"]).filter(position=1)
    shorter = [item for item in HISTORY if item != "item 04"]
    lists = rec.recommend(histories=[shorter], k=19)["item"].to_list()
    lists.remove("item 04")  # no candidate where it is in the history

    assert found["because"].to_list() == ["item 04"]
    assert found["rank_without"].to_list() == [lists.index("item 06") + 1]


def test_a_user_has_the_explanation_of_the_history_in_the_data(rec):
    user = rec.dataset.users[0]
    history = CIRCLE.filter(user=user)["item"].to_list()
    assert rec.explain(user, k=2).equals(rec.explain(history=history, k=2))


def test_a_mixture_is_explained_as_a_whole(rec):
    alone, mixed = (
        rec.explain(history=HISTORY, items=["item 06"], mix=mix) for mix in (None, "0.6 0.4")
    )
    assert alone["influence"].to_list() != mixed["influence"].to_list()
    assert (
        mixed["rank"][0]
        == rec.recommend(histories=[HISTORY], k=16, mix="0.6 0.4")["item"].index_of("item 06") + 1
    )


def test_unknown_items_of_a_history_are_skipped_with_a_warning(rec):
    with pytest.warns(MiqrecWarning, match="not in the catalogue"):
        found = rec.explain(history=["nobody knows", *HISTORY], k=1)
    assert found.equals(rec.explain(history=HISTORY, k=1))


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({}, "give a user of the data or a history, one of the two"),
        ({"user": "user 1", "history": HISTORY}, "give a user of the data or a history"),
        ({"history": HISTORY, "data": "demo"}, "give users of the data or histories, not both"),
        ({"user": "nobody"}, "no interactions of 1 of 1 users"),
        ({"history": []}, "has no item that the model knows"),
        ({"history": HISTORY, "items": ["item 99"]}, "doesn't know 1 of 1 items .*item 99"),
        ({"history": HISTORY, "items": ["item 03"]}, "left out of lists"),
        ({"history": HISTORY, "items": "item 06"}, "give a list of items"),
        ({"history": HISTORY, "k": 0}, "k is 0"),
        ({"history": HISTORY, "k": 2.5}, "give a whole number"),
    ],
)
def test_what_can_not_be_explained_is_refused(rec, asked, complaint):
    with pytest.raises(MiqrecError, match=complaint):
        rec.explain(**asked)
