"""`/explain`, `/inspect`, `/what-if` and `/compare`: what is behind a list, over HTTP."""

import polars as pl
import pytest
import torch
from starlette.testclient import TestClient

from miqrec import Recommender
from miqrec.evaluation.inference import InferenceConfig
from miqrec.explanation import window_of
from miqrec.serving import Settings, create_app
from miqrec.serving.store import Event
from miqrec.stability import frbo

HISTORY = ["item 15", "item 03", "item 04", "item 05"]


@pytest.fixture(scope="module")
def rec(saved):
    return Recommender.load(saved)


@pytest.fixture
def with_store(serve, tmp_path):
    """The client of a service that knows what ann did."""
    client = serve(store=f"sqlite:///{tmp_path / 'events.db'}")
    client.app.state.service.store.append([Event(user="ann", item=item) for item in HISTORY])
    return client


def post(client, route, status=200, **body):
    answer = client.post(route, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_list_is_explained_as_the_library_explains_it(client, rec):
    answer = post(client, "/explain", history=HISTORY, k=2)

    expected = rec.explain(history=HISTORY, k=2)
    rows = [
        (
            each["item"],
            each["rank"],
            *(reason[name] for name in ("item", "position", "rank_without")),
        )
        for each in answer["explained"]
        for reason in each["because"]
    ]
    names = "item", "rank", "because", "position", "rank_without"
    assert rows == expected.select(names).rows()
    influences = [why["influence"] for each in answer["explained"] for why in each["because"]]
    assert influences == pytest.approx(expected["influence"].to_list(), abs=1e-5)
    assert answer["source"] == "model"


def test_named_items_are_explained_under_the_mixture_that_is_asked_for(client, rec):
    [answer] = post(client, "/explain", history=HISTORY, items=["item 10"], mix=[0.6, 0.4])[
        "explained"
    ]
    expected = rec.explain(history=HISTORY, items=["item 10"], mix="0.6 0.4")
    assert [why["item"] for why in answer["because"]] == expected["because"].to_list()


def test_lists_come_with_their_explanations_where_these_are_asked_for(client):
    """Filters shorten a list, and what is left of it is explained among all candidates."""
    histories = [HISTORY, [], ["nobody knows", "item 03"]]
    asked = {"histories": histories, "k": 3, "filters": {"category": "books"}}
    lists = post(client, "/recommend", **asked, with_explanations=True)["lists"]

    for history, answer in zip(histories, lists, strict=True):
        for item in answer["items"]:
            if not history:
                assert item["because"] is None
                continue
            [alone] = post(client, "/explain", history=history, items=[item["item"]])["explained"]
            assert [
                {**why, "influence": pytest.approx(why["influence"], abs=1e-4)}
                for why in alone["because"]
            ] == (item["because"])
    plain = post(client, "/recommend", **asked)["lists"]
    assert plain == [
        answer | {"items": [item | {"because": None} for item in answer["items"]]}
        for answer in lists
    ]


def test_positions_count_the_items_that_the_model_does_not_know(client):
    [answer] = post(client, "/explain", history=["item 03", "nobody knows", "item 04"], k=1)[
        "explained"
    ]
    assert {why["item"]: why["position"] for why in answer["because"]} == {
        "item 04": 0,
        "item 03": 2,
    }


@pytest.mark.parametrize("history", [[], ["nobody knows"]])
def test_where_nothing_is_known_popularity_answers_and_nothing_explains_it(client, history):
    assert post(client, "/explain", history=history) | {"model": None} == {
        "model": None,
        "source": "popularity",
        "measured": "probability",
        "explained": [],
    }
    nothing = post(client, "/inspect", history=history)
    assert (nothing["history"], nothing["answers"], nothing["queries"]) == ([], [], [])


def test_the_window_is_what_the_library_shows(client, rec):
    answer = post(client, "/inspect", history=HISTORY, mix=[0.6, 0.4])

    ids = torch.from_numpy(rec.artifact.catalogue.encode(pl.Series(HISTORY))).long()
    window = window_of(rec.artifact.model.eval(), ids, InferenceConfig(mix=(0.6, 0.4)))
    assert [item["item"] for item in answer["history"]] == HISTORY
    assert [item["position"] for item in answer["history"]] == [3, 2, 1, 0]
    assert [each["share"] for each in answer["answers"]] == pytest.approx([0.6, 0.4])
    names = ("layer", "answer", "query")
    assert [tuple(each[name] for name in names) for each in answer["queries"]] == (
        window.queries.select(names).rows()
    )
    assert [each["looks"] for each in answer["queries"]] == [
        pytest.approx(looks, abs=1e-5) for looks in window.queries["looks"].to_list()
    ]
    assert answer["queries"][0]["title"] == "item 05"


def test_a_window_beyond_the_history_has_queries_of_dummy_items(client):
    queries = post(client, "/inspect", history=["item 03"])["queries"]
    assert [query["title"] for query in queries] == ["item 03", None, None]


def test_the_list_without_the_last_click_stands_beside_the_list(client, rec):
    answer = post(client, "/what-if", history=HISTORY, changes=[{"position": 0}], k=5)

    before = rec.recommend(histories=[HISTORY], k=5)["item"].to_list()
    after = rec.recommend(histories=[HISTORY[:3]], k=6)["item"].to_list()
    after.remove("item 05")  # the candidates are those of the whole history
    after = after[:5]
    assert [each["item"] for each in answer["first"]] == before
    assert [each["item"] for each in answer["second"]] == after
    assert [each["other"] for each in answer["first"]] == [
        after.index(item) + 1 if item in after else None for item in before
    ]
    ids = [torch.tensor([int(item[-2:]) + 1 for item in items]) for items in (before, after)]
    assert answer["frbo"] == pytest.approx(frbo(*ids, 5).item())


def test_positions_are_those_before_any_change(client):
    dropped = [{"position": 0}, {"position": 2, "item": "item 11"}]
    both = post(client, "/what-if", history=HISTORY, changes=dropped)
    direct = post(client, "/recommend", histories=[["item 15", "item 11", "item 04"]], k=20)

    seen = set(HISTORY)
    expected = [item["item"] for item in direct["lists"][0]["items"] if item["item"] not in seen]
    shown = [item["item"] for item in both["second"] if item["item"] != "item 11"]
    assert shown == expected[: len(shown)]


def test_lists_leave_out_what_the_model_s_setting_says(client, rec):
    """Of a history's items only the bought ones are left out, here, as `/recommend` leaves them out."""
    service = client.app.state.service
    service.engine.inference = service.engine.inference.model_copy(
        update={"exclude_seen": ("purchase",)}
    )
    history = [{"item": "item 05", "kind": "view"}, {"item": "item 04", "kind": "purchase"}]
    listed = post(client, "/recommend", histories=[history], k=20)["lists"][0]["items"]

    compared = post(client, "/what-if", history=history, changes=[{"position": 1}], k=20)
    explained = post(client, "/explain", history=history, k=19)["explained"]

    names = [item["item"] for item in listed]
    assert "item 05" in names
    assert "item 04" not in names
    assert [item["item"] for item in compared["first"]] == names
    assert [item["item"] for item in explained] == names


def test_equal_lists_have_an_overlap_of_1(client):
    same = [{"position": 0, "item": HISTORY[-1]}]
    answer = post(client, "/what-if", history=HISTORY, changes=same)
    assert answer["first"] == answer["second"]
    assert answer["frbo"] == pytest.approx(1)


def test_lists_that_end_early_are_compared_too(client):
    """Of 20 items 4 are in the history: a list of 30 has 16."""
    answer = post(client, "/what-if", history=HISTORY, changes=[{"position": 3}], k=30)
    assert len(answer["first"]) == 16
    assert answer["frbo"] > 0


def test_a_user_s_history_is_looked_into_like_one_that_is_typed_in(with_store):
    for route, body in (
        ("/explain", {}),
        ("/inspect", {}),
        ("/what-if", {"changes": [{"position": 0}]}),
    ):
        assert post(with_store, route, user="ann", **body) == post(
            with_store, route, history=HISTORY, **body
        )
    told = post(with_store, "/history", user="ann")["events"]
    assert [event["item"] for event in told] == HISTORY
    found = post(with_store, "/users/search", beginning="a")
    assert found == {"users": ["ann"]}
    assert post(with_store, "/users/search", beginning="b") == {"users": []}
    assert told[0]["title"] == "item 15"


def test_two_models_stand_side_by_side(saved, tmp_path):
    with TestClient(create_app(Settings(artifact=saved, beside=saved))) as client:
        answer = post(client, "/compare", history=HISTORY)
        assert answer["first"] == answer["second"]
        assert len(answer["first"]) == 10
        mixed = post(client, "/compare", history=HISTORY, mix=[0.5, 0.5])
        listed = post(
            client, "/what-if", history=HISTORY, mix=[0.5, 0.5], changes=[{"position": 0}]
        )
        assert [each["item"] for each in mixed["first"]] == [
            each["item"] for each in listed["first"]
        ]
        assert mixed["second"] == [
            each | {"other": mixed["second"][place]["other"]}
            for place, each in enumerate(answer["second"])
        ]


def refusal(client, route, status, **body):
    return post(client, route, status, **body)["error"]


@pytest.mark.parametrize(
    ("route", "body", "complaint"),
    [
        ("/explain", {}, "give a history or a user"),
        ("/inspect", {"history": HISTORY, "user": "ann"}, "give a history or a user"),
        ("/explain", {"history": HISTORY, "items": ["item 99"]}, "doesn't know 'item 99'"),
        ("/explain", {"history": HISTORY, "items": ["item 03"]}, "left out of lists"),
        ("/explain", {"history": HISTORY, "k": 99}, "k is 99"),
        ("/explain", {"history": HISTORY, "mix": [0.6, 0.3]}, "the weights sum to 0.9"),
        ("/inspect", {"history": HISTORY, "mix": []}, "at least 1 item"),
        ("/what-if", {"history": HISTORY, "changes": []}, "at least 1 item"),
        (
            "/what-if",
            {"history": HISTORY, "changes": [{"position": 4}]},
            "its oldest has position 3",
        ),
        (
            "/what-if",
            {"history": HISTORY, "changes": [{"position": 0, "item": "item 99"}]},
            "doesn't know 'item 99'",
        ),
        ("/history", {"user": ""}, "at least 1 character"),
    ],
)
def test_what_can_not_be_looked_into_is_refused_in_one_sentence(client, route, body, complaint):
    error = refusal(client, route, 422, **body)
    assert complaint in error["message"]
    assert error["where"][0] == "body"


def test_what_there_is_not_is_not_found(with_store):
    assert refusal(with_store, "/explain", 404, user="nobody")["code"] == "unknown_user"
    assert refusal(with_store, "/compare", 404, history=HISTORY)["code"] == "no_second_model"


def test_an_exported_model_has_no_explanations_and_says_why(client):
    del client.app.state.service.engine.artifact
    for route, asked in (
        ("/explain", {"history": HISTORY}),
        ("/inspect", {"history": HISTORY}),
        ("/recommend", {"histories": [HISTORY], "with_explanations": True}),
    ):
        error = refusal(client, route, 501, **asked)
        assert error["code"] == "needs_torch"
        assert "serve the saved model" in error["message"]
    missing = client.get("/abilities").json()["missing"]
    assert list(missing) == ["explanations"]


def test_without_pytorch_lists_are_not_compared(client, monkeypatch):
    monkeypatch.setattr("miqrec.serving.comparing.find_spec", lambda _: None)
    error = refusal(client, "/what-if", 501, history=HISTORY, changes=[{"position": 0}])
    assert "pip install" in error["message"]
    assert "comparisons" in client.get("/abilities").json()["missing"]
