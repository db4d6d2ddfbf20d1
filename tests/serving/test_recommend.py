"""`POST /recommend`: lists for histories, the same as `Recommender.recommend` makes."""

import pytest

from miqrec import Recommender


def recommend(client, **request):
    answer = client.post("/recommend", json=request)
    assert answer.status_code == 200, answer.text
    return answer.json()["lists"]


def test_a_list_is_that_of_the_library(client, saved):
    history = ["item 03", "item 04", "item 05"]

    [found] = recommend(client, histories=[history], k=4)

    expected = Recommender.load(saved).recommend(histories=[history], k=4)
    assert found["source"] == "model"
    assert [row["item"] for row in found["items"]] == expected["item"].to_list()
    assert [row["score"] for row in found["items"]] == pytest.approx(expected["score"].to_list())
    assert [row["rank"] for row in found["items"]] == [1, 2, 3, 4]
    assert found["items"][0]["item"] == "item 06"  # what comes next on the circle


def test_the_lists_stand_in_the_order_of_the_histories(client):
    histories = [["item 03", "item 04", "item 05"], ["item 10", "item 11", "item 12"]]
    lists = recommend(client, histories=histories, k=1)
    assert [each["items"][0]["item"] for each in lists] == ["item 06", "item 13"]


def test_popularity_answers_where_nothing_is_known_and_says_so(client, saved):
    lists = recommend(client, histories=[[], ["a film of next year"]], k=2)
    popular = Recommender.load(saved).recommend(histories=[[]], k=2)["item"].to_list()
    assert [each["source"] for each in lists] == ["popularity", "popularity"]
    assert [each["unknown"] for each in lists] == [0, 1]
    assert all([row["item"] for row in each["items"]] == popular for each in lists)


@pytest.mark.parametrize(
    ("request_", "where"),
    [
        ({"histories": [["item 01"]], "k": 0}, ["body", "k"]),
        ({"histories": [["item 01"]], "kk": 3}, ["body", "kk"]),
        ({"histories": [[True]]}, ["body", "histories", 0, 0, "str"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(client, request_, where):
    answer = client.post("/recommend", json=request_)
    error = answer.json()["error"]
    assert answer.status_code == 422
    assert error["code"] == "invalid_request"
    assert error["where"] == where
