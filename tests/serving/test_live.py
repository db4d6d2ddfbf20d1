"""The service behind a real socket: newer models, floods, and clients that are slow or gone."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from time import sleep

import httpx
import polars as pl
import pytest

from miqrec import Recommender
from miqrec.serving import Settings, create_app
from serving.conftest import NAMES
from serving.live import listening, wait_for

REQUEST = {"histories": [["item 03", "item 04", "item 05"]], "k": 20}
BODY = json.dumps(REQUEST).encode()


def head(length: int) -> bytes:
    lines = ("POST /recommend HTTP/1.1", "Host: here", "Content-Type: application/json")
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def ask(live) -> httpx.Response:
    return httpx.post(f"{live.url}/recommend", json=REQUEST, timeout=30)


@pytest.fixture
def place(saved, tmp_path):
    """A copy of the saved model, to be replaced."""
    shutil.copytree(saved, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def live(place):
    """A service of it that looks for a newer one all the time."""
    with listening(create_app(Settings(artifact=place, watch_seconds=0.05))) as live:
        yield live


def slowed(live_app, event):
    """Let the engine of an application wait for an event before every pass."""
    engine = live_app.state.service.engine
    lists = engine.lists

    def slow(queries):
        event.wait(10)
        return lists(queries)

    engine.lists = slow


def test_a_newer_model_takes_over_without_a_failed_request(live, place, saved):
    answers, stop = [], Event()

    def keep_asking():
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                answers.append(client.post(f"{live.url}/recommend", json=REQUEST))

    clients = [Thread(target=keep_asking) for _ in range(4)]
    for client in clients:
        client.start()
    before = live.ready()["model"]["version"]
    Recommender.load(saved).with_inference(exclude_seen=False).save(place)
    wait_for(lambda: live.ready()["model"]["version"] != before)
    after = live.ready()["model"]["version"]
    count = len(answers)
    wait_for(lambda: len(answers) > count + 8)
    stop.set()
    for client in clients:
        client.join()

    assert {answer.status_code for answer in answers} == {200}
    found = [answer.json() for answer in answers]
    lengths = {(each["model"]["version"], len(each["lists"][0]["items"])) for each in found}
    assert lengths == {(before, 17), (after, 20)}  # the newer one doesn't exclude what was seen


def test_a_damaged_model_is_refused_and_the_old_one_answers_on(live, place, saved):
    before = live.ready()["model"]

    (place / "model.safetensors").write_bytes(b"nothing that fits")
    wait_for(lambda: live.ready()["refused"])

    ready = live.ready()
    assert ready["model"] == before
    assert "model.safetensors is damaged" in ready["refused"]
    assert ask(live).status_code == 200
    metrics = httpx.get(f"{live.url}/metrics").text
    assert 'miqrec_swaps_total{result="refused"} 1.0' in metrics
    assert "miqrec_model_refused 1.0" in metrics

    shutil.copy(saved / "model.safetensors", place)
    wait_for(lambda: not live.ready()["refused"])
    assert "miqrec_model_refused 0.0" in httpx.get(f"{live.url}/metrics").text


def test_a_flood_is_told_to_come_back_and_those_who_do_are_answered(saved):
    app, may_go = create_app(Settings(artifact=saved, threads=1, max_queue=4)), Event()
    slowed(app, may_go)
    with listening(app) as live, ThreadPoolExecutor(20) as clients:
        asked = [clients.submit(ask, live) for _ in range(20)]
        wait_for(lambda: sum(each.done() for each in asked) >= 15)  # one is answered, four wait
        may_go.set()
        answers = [each.result() for each in asked]
        refused = [answer for answer in answers if answer.status_code == 503]

        assert len(refused) == 15
        assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
        assert {answer.json()["error"]["code"] for answer in refused} == {"busy"}
        assert sum(answer.status_code == 200 for answer in answers) == 5
        assert ask(live).status_code == 200


def test_a_client_that_sends_slowly_is_cut_off_and_holds_up_nobody(saved):
    app = create_app(Settings(artifact=saved, body_seconds=0.5))
    with listening(app) as live, live.connect() as slow:
        slow.sendall(head(len(BODY)) + BODY[:10])
        assert ask(live).status_code == 200
        assert b" 408 " in slow.recv(1000).split(b"\r\n")[0]


def test_clients_that_hang_up_leave_nothing_behind(live):
    for cut in (10, len(BODY), len(BODY) - 1):
        for _ in range(5):
            with live.connect() as gone:
                gone.sendall(head(len(BODY)) + BODY[:cut])
    assert ask(live).status_code == 200
    wait_for(lambda: "miqrec_queries_waiting 0.0" in httpx.get(f"{live.url}/metrics").text)


def test_a_request_that_is_being_answered_is_answered_before_the_end(saved):
    app, may_go = create_app(Settings(artifact=saved)), Event()
    slowed(app, may_go)
    with listening(app) as live, ThreadPoolExecutor(1) as clients:
        asked = clients.submit(ask, live)
        sleep(0.2)
        stopping = Thread(target=live.stop)
        stopping.start()
        sleep(0.2)
        may_go.set()
        assert asked.result().status_code == 200
        stopping.join()


def test_new_prices_and_stock_count_once_their_table_is_written(saved, tmp_path):
    def write(in_stock):
        table = pl.DataFrame({"item": NAMES, "in_stock": [name in in_stock for name in NAMES]})
        table.write_parquet(tmp_path / "writing.parquet")
        (tmp_path / "writing.parquet").rename(tmp_path / "items.parquet")

    def listed(live):
        request = {"histories": [[]], "filters": {"in_stock": True}}
        answer = httpx.post(f"{live.url}/recommend", json=request, timeout=30).json()
        return {row["item"] for row in answer["lists"][0]["items"]}

    write(["item 01", "item 02"])
    settings = Settings(artifact=saved, items=tmp_path / "items.parquet", watch_seconds=0.05)
    with listening(create_app(settings)) as live:
        assert listed(live) == {"item 01", "item 02"}
        write(["item 07"])
        wait_for(lambda: listed(live) == {"item 07"})
        (tmp_path / "items.parquet").write_bytes(b"no table")
        wait_for(lambda: live.ready()["refused"])
        assert listed(live) == {"item 07"}
