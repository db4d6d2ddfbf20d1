"""Services that are sent events: clients hang up, and the process is killed."""

import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import NamedTuple

import httpx

from faults.appends import event
from faults.cases import Verdict
from faults.clients import compared
from miqrec import Recommender
from miqrec.testing.frames import circle

EVENTS = 100
_PATIENCE = 120.0
_RESET = struct.pack("ii", 1, 0)  # no farewell: the connection is gone


class Served(NamedTuple):
    """A service in a process of its own."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    store: str

    def post(self, number: int) -> bool:
        """Send an event; return whether it was acknowledged."""
        with suppress(httpx.TransportError):
            return self.client.post("/events", json=_body(number)).status_code == 200
        return False

    def is_healthy(self) -> bool:
        """Whether it answers."""
        with suppress(httpx.TransportError):
            return self.client.get("/health").status_code == 200
        return False

    def post_all(self) -> Verdict:
        """Send all events; afterwards each is to be there once."""
        refused = EVENTS - sum(self.post(number) for number in range(EVENTS))
        if refused or not self.is_healthy():
            return Verdict("died badly", f"{refused} events were refused")
        return compared(self.store, set(range(EVENTS)), everything=True)


def hang_up(draw: Random, folder: Path) -> Verdict:
    """Have clients hang up somewhere in their requests, who then send the same events again."""
    with _served(folder) as service:
        for number in range(EVENTS):
            request = _request(number)
            part = request[: draw.randrange(len(request) + 1)]
            send_and_go(service.client.base_url.port or 0, part, abruptly=draw.random() < 0.5)
        return service.post_all()


def kill_services(draw: Random, folder: Path) -> Verdict:
    """Kill a service while four clients send events, and start it again."""
    last, acknowledged = draw.randrange(EVENTS), set()
    with _served(folder) as service, ThreadPoolExecutor(4) as threads:

        def send(number: int) -> None:
            if service.post(number):
                acknowledged.add(number)
            if number == last:
                service.process.kill()

        list(threads.map(send, range(EVENTS)))
    after = compared(service.store, acknowledged)
    if after.outcome != "unharmed":
        return after
    with _served(folder) as service:
        return service.post_all()


def _body(number: int) -> dict[str, object]:
    return {"events": [event(number).model_dump(exclude_none=True)]}


def _request(number: int) -> bytes:
    body = json.dumps(_body(number))
    lines = ("POST /events HTTP/1.1", "Host: shop", "Content-Type: application/json")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def send_and_go(port: int, part: bytes, *, abruptly: bool) -> None:
    """Send a part of a request, and hang up without waiting for the answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(part)
        if abruptly:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


@contextmanager
def _served(folder: Path) -> Iterator[Served]:
    """Serve a model that counts, with a store in a folder, until it is killed."""
    model, store = folder / "model", f"sqlite:///{folder / 'events.db'}"
    if not model.exists():
        Recommender.fit(circle(), model="popularity").save(model)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "miqrec", "serve", str(model), "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with (
        (folder / "log").open("ab") as log,
        subprocess.Popen(
            [*command, "--store", store], env=environment, stdout=log, stderr=log
        ) as process,
    ):
        service = Served(process, httpx.Client(base_url=f"http://127.0.0.1:{port}"), store)
        try:
            _wait_for(service, folder / "log")
            yield service
        finally:
            process.kill()


def _wait_for(service: Served, log: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while not service.is_healthy():
        assert service.process.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < ends, log.read_text("utf-8")
        time.sleep(0.1)
