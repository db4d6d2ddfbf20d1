"""`POST /events`: acknowledged once durable, and refused in the one shape."""

import time
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

import httpx
import pytest
import uvicorn
from starlette.testclient import TestClient

from faults.services import send_and_go
from miqrec.serving import Settings, create_app
from miqrec.serving.store import StoreError, open_store

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'events.db'}"


@pytest.fixture
def app(saved, url):
    return create_app(Settings(artifact=saved, store=url))


@pytest.fixture
def client(app):
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_events_are_in_the_store_when_the_answer_comes(client, url):
    sent = [{"user": "ann", "item": "item 03", "kind": "view"}, {"user": 42, "item": "item 04"}]

    answer = client.post("/events", json={"events": sent})

    assert (answer.status_code, answer.json()) == (200, {"stored": 2})
    with open_store(url) as store:  # a process of its own sees them
        [[view], [other]] = store.histories(["ann", "42"])
    assert (view.item, view.kind, other.item) == ("item 03", "view", "item 04")


def test_a_retry_is_stored_once_and_the_answer_says_so(client):
    order = {"events": [{"user": "ann", "item": "item 03", "id": "order-7"}]}

    assert client.post("/events", json=order).json() == {"stored": 1}
    assert client.post("/events", json=order).json() == {"stored": 0}


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"item": "lamp"}, "user"),
        ({"user": "", "item": "lamp"}, "user"),
        ({"user": "ann", "item": "a\0b"}, "item"),
        ({"user": "ann", "item": "lamp", "time": "yesterday"}, "time"),
        ({"user": "ann", "item": "lamp", "price": 9}, "price"),
    ],
)
def test_one_event_that_is_wrong_refuses_the_request_with_its_place(client, event, field, url):
    right = {"user": "bob", "item": "desk"}

    answer = client.post("/events", json={"events": [right, event]})

    error = answer.json()["error"]
    assert answer.status_code == 422
    assert error["where"] == ["body", "events", 1, field]
    with open_store(url) as store:
        assert store.histories(["bob"]) == [[]]


@pytest.mark.parametrize("n", [0, 1_001])
def test_a_request_has_1_to_1000_events(client, n):
    answer = client.post("/events", json={"events": [{"user": "ann", "item": "lamp"}] * n})

    assert answer.status_code == 422


def test_a_store_that_fails_is_a_503_with_the_reason_and_the_service_goes_on(client, app):
    def fail(events):
        done = Future()
        done.set_exception(StoreError("the store events.db failed: its disk is full; make room"))
        return done

    store = app.state.service.store
    working, store.submit = store.submit, fail
    refused = client.post("/events", json={"events": [{"user": "ann", "item": "lamp"}]})
    store.submit = working
    taken = client.post("/events", json={"events": [{"user": "ann", "item": "lamp"}]})

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["error"]["code"] == "store_unavailable"
    assert "its disk is full" in refused.json()["error"]["message"]
    assert taken.status_code == 200


def test_a_service_without_a_store_says_how_to_have_one(saved):
    with TestClient(create_app(Settings(artifact=saved, store=""))) as client:
        answer = client.post("/events", json={"events": [{"user": "ann", "item": "lamp"}]})

    assert answer.status_code == 501
    assert "--store sqlite:///events.db" in answer.json()["error"]["message"]


@pytest.mark.parametrize("abruptly", [False, True])
def test_a_client_that_hangs_up_and_sends_again_is_stored_once(app, url, abruptly):
    body = b'{"events": [{"user": "ann", "item": "lamp", "id": "order-7"}]}'
    head = f"POST /events HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body)}\r\n"
    request = f"{head}Content-Type: application/json\r\n\r\n".encode() + body
    with listening(app) as port:
        for end in (len(request) // 2, len(request) - 1, len(request)):
            send_and_go(port, request[:end], abruptly=abruptly)
        answer = httpx.post(f"http://127.0.0.1:{port}/events", content=body, headers=JSON)

    assert answer.status_code == 200
    with open_store(url) as store:
        assert [event.item for event in store.histories(["ann"])[0]] == ["lamp"]


@contextmanager
def listening(app):
    """Serve an application on a port of its own, by a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()
