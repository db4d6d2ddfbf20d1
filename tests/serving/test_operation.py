"""What tells whoever runs the service how it is, and what keeps others out."""

import json
import logging
import shutil

import pytest

from miqrec import Recommender
from miqrec.serving.logs import JsonFormatter
from serving.conftest import NAMES

REQUEST = {"histories": [["item 01"], []], "k": 2}


def test_a_process_that_lives_and_the_model_that_answers(client):
    assert client.get("/health").json() == {"status": "ok"}
    ready = client.get("/ready").json()
    assert ready["status"] == "ready"
    assert ready["model"]["model"] == "miq-sasrec"
    assert ready["model"]["runtime"] == "torch"
    assert ready["refused"] is None


def test_requests_and_lists_are_counted(client):
    client.post("/recommend", json=REQUEST)
    client.post("/recommend", json={})
    client.request("BREW", "/items")
    metrics = client.get("/metrics").text
    assert 'miqrec_lists_total{source="model"} 1.0' in metrics
    assert 'miqrec_lists_total{source="popularity"} 1.0' in metrics
    counted = 'miqrec_requests_total{{method="{}",route="{}",status="{}"}} 1.0'
    assert counted.format("POST", "/recommend", 200) in metrics
    assert counted.format("POST", "/recommend", 422) in metrics
    assert counted.format("OTHER", "/items", 405) in metrics


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("PUT", "/recommend", 405, "method_not_allowed")],
)
def test_every_error_has_the_same_shape(client, method, path, status, code):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["error"] == {
        "code": code,
        "message": answer.json()["error"]["message"],
        "where": [],
    }


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 100_000, b'{"k": ' + b"9" * 5000 + b"}", b"\xff", b""]
)
def test_a_body_that_is_no_json_is_refused(client, body):
    answer = client.post("/recommend", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["code"] in ("bad_request", "invalid_request")


def test_what_nobody_expected_is_told_without_its_reason(client):
    def broken(*_, **__):
        raise RuntimeError("of ann")

    client.app.state.service.engine.lists = broken
    answer = client.post("/recommend", json=REQUEST)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "ann" not in answer.text


def test_items_are_searched_by_title_and_id_the_popular_first(client):
    def search(text, **more):
        return [
            each["item"]
            for each in client.get("/items", params={"search": text, **more}).json()["items"]
        ]

    assert search("ITEM 07") == ["item 07"]
    popular = search("", limit=20)
    assert set(popular) == set(NAMES)
    assert search("m 1", limit=3) == [name for name in popular if name in NAMES[10:]][:3]
    assert client.get("/items?search=m%2007").json()["items"][0]["attributes"] == {
        "category": "books", "price": 3.5, "in_stock": True, "attributes": ["books"]
    }  # fmt: skip


def test_with_a_key_only_who_has_it_is_answered(serve):
    client = serve(api_key="a secret")
    assert client.get("/health").status_code == client.get("/ready").status_code == 200
    for headers in ({}, {"Authorization": "Bearer another"}, {"Authorization": "Basic a secret"}):
        answer = client.post("/recommend", json=REQUEST, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "unauthorized"
    assert client.get("/metrics").status_code == 401
    good = {"Authorization": "Bearer a secret"}
    assert client.post("/recommend", json=REQUEST, headers=good).status_code == 200


@pytest.mark.parametrize(
    ("settings", "request_", "sentence"),
    [
        ({"max_k": 5}, {"k": 6}, "k is 6, and may be 5 at most"),
        (
            {"max_history": 2},
            {"histories": [["a", "b"], ["a", "b", "c"]]},
            "the history has 3 items",
        ),
        ({"max_lists": 1}, {}, "2 lists are asked for, and one request may ask for 1"),
        ({"max_explained": 1}, {"with_explanations": True}, "2 lists are to be explained"),
        ({"max_lists": 1}, {"histories": None, "users": ["ann", "bob"]}, ""),
    ],
)
def test_limits_are_told(serve, settings, request_, sentence):
    answer = serve(**settings).post("/recommend", json=REQUEST | request_)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]["message"]


def test_a_body_that_is_too_long_is_refused(serve):
    answer = serve(max_body=100).post("/recommend", json={"histories": [["item 01"] * 20]})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "body_too_large"


def test_the_log_tells_of_a_request_and_not_of_a_person(client, caplog):
    caplog.set_level(logging.INFO, "miqrec.serving")
    client.post("/recommend", json={"histories": [["a secret wish"]]})
    client.get("/items?search=a+secret+wish")
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    told = [(each["method"], each["route"], each["status"]) for each in lines]
    assert told == [("POST", "/recommend", 200), ("GET", "/items", 200)]
    assert set(lines[0]) == {"time", "level", "event", "method", "route", "status", "ms"}
    assert "secret" not in json.dumps(lines)


def test_of_a_run_the_model_that_was_fitted_on_everything_answers(serve, saved, tmp_path):
    shutil.copytree(saved, tmp_path / "run" / "artifact")
    final = Recommender.load(saved).with_inference(exclude_seen=False)
    (tmp_path / "run" / "final").mkdir()
    final.save(tmp_path / "run" / "final" / "artifact")
    client = serve(artifact=tmp_path / "run")
    answer = client.post("/recommend", json={"histories": [["item 01"]], "k": 20}).json()
    assert len(answer["lists"][0]["items"]) == 20
