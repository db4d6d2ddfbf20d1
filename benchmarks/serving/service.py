"""`miqrec serve` in a process of its own, to be asked and measured."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter, sleep
from typing import NamedTuple

PATIENCE = 120
"""Seconds for which a service may take to start."""


class Running(NamedTuple):
    """A service that answers.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        process: Its process.
        start_seconds: From the command to the first answer.
    """

    port: int
    process: "subprocess.Popen[bytes]"
    start_seconds: float

    def cpu_seconds(self) -> float:
        """How long the cores have worked for it so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        """How much memory it holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def running(artifact: Path, port: int, *options: str) -> Iterator[Running]:
    """Serve a model while the context lasts."""
    words = ("serve", str(artifact), "--port", str(port), "--store", "", "--log-level", "warning")
    start = perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "miqrec", *words, *options])
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, start)
        yield Running(port, process, perf_counter() - start)
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", start: float) -> None:
    while perf_counter() < start + PATIENCE:
        if process.poll() is not None:
            raise SystemExit("the service ended; its message stands above")
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=5):
            return
        sleep(0.01)
    raise SystemExit(f"the service did not answer within {PATIENCE} seconds")
