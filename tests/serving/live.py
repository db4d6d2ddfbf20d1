"""A service behind a real socket, in a thread of this process: starting a new one takes seconds."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic, sleep

import httpx
import uvicorn
from fastapi import FastAPI


class Live:
    """A service that listens.

    Attributes:
        port: Where, on 127.0.0.1.
        url: The same as an address.
    """

    def __init__(self, server: uvicorn.Server, thread: Thread) -> None:
        self._server, self._thread = server, thread
        self.port: int = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """Open a connection to write bytes to."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ready(self) -> dict:
        """What it says of itself."""
        return httpx.get(f"{self.url}/ready", timeout=10).json()

    def stop(self) -> None:
        """Tell it to stop, and wait until it has."""
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def listening(app: FastAPI) -> Iterator[Live]:
    """Let an application listen on a free port while the context lasts."""
    config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    live = Live(server, thread)
    yield live
    live.stop()


def wait_for(condition, seconds=20.0):
    """Wait until something is so."""
    last = monotonic() + seconds
    while not condition():
        assert monotonic() < last, "it never came to that"
        sleep(0.01)
