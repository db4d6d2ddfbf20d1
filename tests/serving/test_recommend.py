"""`POST /recommend`: lists for histories, the same as `Recommender.recommend` makes."""

import numpy as np
import pytest

from miqrec import Recommender
from serving.conftest import NAMES

HISTORY = ["item 03", "item 04", "item 05"]


def recommend(client, history=HISTORY, **request):
    answer = client.post("/recommend", json={"histories": [history], **request})
    assert answer.status_code == 200, answer.text
    return answer.json()["lists"][0]


def names(found):
    return [row["item"] for row in found["items"]]


def refusal(client, **request):
    answer = client.post("/recommend", json={"histories": [HISTORY], **request})
    assert answer.status_code == 422, answer.text
    return answer.json()["error"]


def library(saved, history=HISTORY, **options):
    return Recommender.load(saved).recommend(histories=[history], **options)


def test_a_list_is_that_of_the_library(client, saved):
    found, expected = recommend(client, k=4), library(saved, k=4)
    assert found["source"] == "model"
    assert names(found) == expected["item"].to_list()
    assert [row["title"] for row in found["items"]] == expected["title"].to_list()
    assert [row["score"] for row in found["items"]] == pytest.approx(expected["score"].to_list())
    assert [row["rank"] for row in found["items"]] == [1, 2, 3, 4]
    assert names(found)[0] == "item 06"  # what comes next on the circle


def test_the_lists_stand_in_the_order_of_the_histories(client):
    histories = [HISTORY, ["item 10", "item 11", "item 12"]]
    lists = client.post("/recommend", json={"histories": histories, "k": 1}).json()["lists"]
    assert [names(each) for each in lists] == [["item 06"], ["item 13"]]


@pytest.mark.parametrize(("history", "unknown"), [([], 0), (["a film of next year"], 1)])
def test_popularity_answers_where_nothing_is_known_and_says_so(client, saved, history, unknown):
    found = recommend(client, history, k=2, with_uncertainty=True)
    assert found["source"] == "popularity"
    assert found["unknown"] == unknown
    assert names(found) == library(saved, [[]][0], k=2)["item"].to_list()
    assert [row["probability"] for row in found["items"]] == [None, None]


def test_unknown_items_are_left_out_of_a_history_and_counted(client):
    found = recommend(client, ["item 03", "?", "item 04", "item 05"])
    assert found["unknown"] == 1
    assert names(found) == names(recommend(client))


def test_what_is_in_the_history_comes_back_where_it_is_not_excluded(client, saved):
    everything = set(names(recommend(client, k=20, exclude_seen=False)))
    assert everything == set(NAMES)
    assert set(names(recommend(client, k=20))) == everything - set(HISTORY)
    expected = library(saved, k=20, exclude_seen=False)["item"].to_list()
    assert names(recommend(client, k=20, exclude_seen=False)) == expected


def test_items_of_some_kinds_of_events_are_excluded(client):
    kinds = zip(HISTORY, ["view", "purchase", None], strict=True)
    history = [{"item": item, "kind": kind} for item, kind in kinds]
    found = names(recommend(client, history, k=20, exclude_seen=["purchase", "rental"]))
    assert set(found) == set(NAMES) - {"item 04"}


def test_excluded_and_allowed_items(client):
    assert names(recommend(client, k=1, exclude=["item 06", "?"])) != ["item 06"]
    assert set(names(recommend(client, allow=["item 09", "item 08", "?"]))) == {
        "item 08",
        "item 09",
    }
    assert names(recommend(client, allow=["item 09"], exclude=["item 09"])) == []


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"category": "books"}, range(1, 20, 2)),
        ({"category": ["books", "films"]}, range(20)),
        ({"in_stock": False}, [0, 5, 10, 15]),
        ({"price": {"min": 2, "max": 3.5}}, [4, 5, 6, 7]),
        ({"price": {"max": 1}}, [0, 1, 2]),
        ({"price": 1.5}, [3]),
        ({"attributes": ["films"]}, range(0, 20, 2)),
        ({"category": {"min": "c"}}, range(0, 20, 2)),
        ({"category": "books", "in_stock": True, "price": {"min": 7}}, [17, 19]),
        ({"category": []}, []),
    ],
)
def test_filters_leave_the_items_that_meet_them_all(client, filters, numbers):
    found = names(recommend(client, [], k=20, filters=filters))
    assert set(found) == {NAMES[number] for number in numbers}


def test_a_filter_changes_no_score_and_no_probability(client):
    def values(**request):
        rows = recommend(client, k=20, with_uncertainty=True, **request)["items"]
        return {row["item"]: (row["score"], row["probability"]) for row in rows}

    everything = values()
    for item, (score, probability) in values(filters={"category": "books"}).items():
        assert (score, probability) == pytest.approx(everything[item])
    assert sum(probability for _, probability in everything.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        (
            {"colour": "red"},
            "items have no attribute 'colour'; filter by category, price, in_stock",
        ),
        ({"in_stock": 1}, "the attribute 'in_stock' holds true or false"),
        ({"price": {"min": "a"}}, "the attribute 'price' holds numbers"),
        ({"in_stock": {"min": True}}, ""),
        ({"price": {"min": 10**400}}, ""),
    ],
)
def test_a_filter_that_can_not_be_honoured_is_refused(client, filters, sentence):
    recommend(client, filters={"in_stock": True})  # which is remembered, and is not equal to 1
    assert sentence in refusal(client, filters=filters)["message"]


def test_mixed_answers_and_their_probabilities_are_those_of_the_library(client, saved):
    found = recommend(client, mix=[0.6, 0.4], k=5, with_uncertainty=True)
    expected = library(saved, mix=(0.6, 0.4), k=5, with_uncertainty=True)
    assert names(found) == expected["item"].to_list()
    for column in ("score", "probability"):
        assert [row[column] for row in found["items"]] == pytest.approx(expected[column].to_list())


def test_what_was_saved_with_the_model_is_the_default(serve, saved, tmp_path):
    other = Recommender.load(saved).with_inference(mix=(0.5, 0.5), exclude_seen=False)
    other.save(tmp_path / "model")
    client = serve(artifact=tmp_path / "model")
    assert names(recommend(client, k=20)) == library(tmp_path / "model", k=20)["item"].to_list()


def test_known_users_are_answered_by_their_events_and_others_by_popularity(serve, tmp_path):
    client = serve(store=f"sqlite:///{tmp_path / 'events.db'}")
    events = [{"user": "ann", "item": item, "kind": "view"} for item in HISTORY]
    client.post("/events", json={"events": [*events, {"user": 7, "item": "item 11"}]})

    answer = client.post("/recommend", json={"users": ["ann", 7, "new"], "k": 3}).json()["lists"]

    assert [each["user"] for each in answer] == ["ann", 7, "new"]
    assert [each["source"] for each in answer] == ["model", "model", "popularity"]
    assert names(answer[0]) == names(recommend(client, k=3))


def test_users_need_a_store(serve):
    answer = serve(store="").post("/recommend", json={"users": ["ann"]})
    assert answer.status_code == 501
    assert answer.json()["error"]["code"] == "no_store"


@pytest.mark.parametrize(
    ("request_", "where", "sentence"),
    [
        ({"k": 0}, ["k"], "greater than or equal to 1"),
        ({"k": 21}, ["k"], "k is 21, but the model has 20 items"),
        ({"kk": 3}, ["kk"], "not permitted"),
        ({"histories": [[True]]}, ["histories", 0, 0], "valid string"),
        ({"histories": []}, ["histories"], "nobody"),
        ({"users": ["ann"]}, [], "give either users or histories"),
        ({"mix": [0.6, 0.6]}, [], "the weights sum to 1.2"),
        ({"mix": "trained"}, [], "not trained with a mixture"),
        ({"temperature": 2.0}, [], "a temperature changes nothing"),
        ({"temperature": 0}, ["temperature"], "greater than 0"),
        ({"k": "10"}, ["k"], "valid integer"),
        ({"mix": [True]}, ["mix"], "valid number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(client, request_, where, sentence):
    error = refusal(client, **request_)
    assert error["code"] == "invalid_request"
    assert error["where"][: 1 + len(where)] == ["body", *where]
    assert sentence in error["message"]


def test_integer_ids_may_come_as_text(serve, tmp_path):
    frame = np.array([[user, (user + step) % 9] for user in range(30) for step in range(4)])
    histories = [[int(item) for _, item in frame[frame[:, 0] == user]] for user in range(30)]
    Recommender.fit(histories, model="markov").save(tmp_path / "model")
    client = serve(artifact=tmp_path / "model")
    assert names(recommend(client, ["4"], k=2)) == names(recommend(client, [4], k=2))
    assert recommend(client, ["04", "4.0", "four", "٤"], k=2)["unknown"] == 4
    assert isinstance(names(recommend(client, [4], k=2))[0], int)
