"""Stores whose processes are killed, whose disks are full, and whose servers are gone for a while.

In every case events are appended, something happens, and whoever had no answer sends the same events again.
Then each event is there once.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import postgres
from disks import mounted
from faults.cases import Case, Verdict, draws
from faults.clients import Client, compared
from faults.importing import kill_imports
from faults.services import hang_up, kill_services
from faults.small_disk import can_mount

EVENTS = 200
"""That are appended in a case."""

Attempt = Callable[[Random, Path], Verdict]


def store_cases(seed: int, share: float) -> Iterator[Case]:
    """Yield the cases of each kind; a share of them for a short run."""
    for row, (attempt, n_cases) in KINDS.items():
        if attempt is fill_the_disk and not can_mount():
            continue
        for number in range(round(n_cases * share)):
            name = f"stores/{row}/{number}"
            yield Case(name, row, partial(in_folder, attempt, draws(seed, name)))


def in_folder(attempt: Attempt, draw: Random) -> Verdict:
    """Try a case in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="miqrec-store-") as folder:
        return attempt(draw, Path(folder))


def kill_appends(draw: Random, folder: Path) -> Verdict:
    """Kill a process in the middle of its appends, and start it again."""
    url = _in(folder)
    with Client(url, 0, EVENTS) as first:
        first.wait_for(draw.randrange(EVENTS))
        first.kill()
    after = compared(url, first.acknowledged)
    return after if after.outcome != "unharmed" else _send_again(url)


def share_a_file(draw: Random, folder: Path) -> Verdict:
    """Let two processes append half the same events to one file, and kill one of them."""
    url = _in(folder)
    half = EVENTS // 2
    with Client(url, 0, EVENTS) as one, Client(url, half, EVENTS + half) as other:
        one.wait_for(draw.randrange(EVENTS))
        one.kill()
        other.finish()
    after = compared(url, one.acknowledged | other.acknowledged)
    return after if after.outcome != "unharmed" else _send_again(url, EVENTS + half)


def fill_the_disk(draw: Random, folder: Path) -> Verdict:
    """Let the disk run full, and make room while the process goes on trying."""
    with mounted(folder / "disk", draw.randrange(2**17, 2**20)) as disk:
        url = _in(disk)
        with Client(url, 0, 10 * EVENTS) as client:
            sentence = client.wait_for_refusal()
            if "disk is full" not in sentence:
                return Verdict("died badly", sentence)
            subprocess.run(["mount", "-o", f"remount,size={2**28}", str(disk)], check=True)
            client.finish()
        return compared(url, client.acknowledged, everything=True)


def kill_the_server(draw: Random, folder: Path) -> Verdict:
    """Kill PostgreSQL in the middle of appends, and start it again while the process goes on trying."""
    with postgres.running() as server:
        with Client(server.url, 0, EVENTS) as client:
            client.wait_for(draw.randrange(EVENTS))
            server.kill()
            time.sleep(draw.random())
            server.start()
            client.finish()
        return compared(server.url, client.acknowledged, everything=True)


def _send_again(url: str, n_events: int = EVENTS) -> Verdict:
    with Client(url, 0, n_events) as again:
        again.finish()
    return compared(url, again.acknowledged, everything=True)


def _in(folder: Path) -> str:
    return f"sqlite:///{folder / 'events.db'}"


KINDS: dict[str, tuple[Attempt, int]] = {
    "kill -9 while events are appended": (kill_appends, 40),
    "kill -9 of a service that is sent events": (kill_services, 5),
    "clients that hang up": (hang_up, 5),
    "two processes on one file, one of them killed": (share_a_file, 20),
    "kill -9 while a log is imported": (kill_imports, 20),
    "the disk is full for a while": (fill_the_disk, 20),
    "PostgreSQL killed and back": (kill_the_server, 10),
}
"""What is done, and how many cases there are of it."""
