"""A service in a thread of its own, and a page of it in Chromium."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

import polars as pl
import uvicorn

from miqrec.serving import Settings, create_app

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
MARKUP = "<img src=x onerror=alert(1)>"
LONG = "The Extraordinarily Long and Winding Title of a Film That Nobody Has Ever Seen, Part 2"


def titles() -> pl.DataFrame:
    """What the circle's 20 items are called."""
    names = [f"Station {number:02}" for number in range(20)]
    names[7], names[8] = MARKUP, LONG
    return pl.DataFrame({"item": [f"item {number:02}" for number in range(20)], "title": names})


@contextmanager
def served(**settings: Any) -> Iterator[tuple[str, Any]]:
    """Serve on a free port: the address and the application."""
    app = create_app(Settings(**settings))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/", app
    finally:
        server.should_exit = True
        thread.join()


VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.blockedURI));
"""


class Watch:
    """Takes note of what goes wrong in a page, or comes from elsewhere.

    Args:
        address: The service's.
        refused: The status of refusals that a test provokes, which the console tells of too.
    """

    def __init__(self, address: str, refused: int | None) -> None:
        self.address, self.refused = address, refused
        self.complaints: list[str] = []

    def over(self, page: Any) -> None:
        """Watch a page from now on."""
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("console", self._listen)
        page.on("request", self._follow)

    def _listen(self, said: Any) -> None:
        expected = self.refused and f"status of {self.refused}" in said.text
        if said.type in ("error", "warning") and not expected:
            self.complaints.append(said.text)

    def _follow(self, request: Any) -> None:
        if not request.url.startswith(self.address):
            self.complaints.append(f"asked elsewhere: {request.url}")
