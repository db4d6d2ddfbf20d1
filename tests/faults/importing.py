"""Imports of a log that are killed, and started again."""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import polars as pl

from faults.cases import Verdict
from miqrec.serving.store import open_store

ROWS = 20_000
_CODE = """
import sys
from miqrec.cli import main
from miqrec.serving.store import importing
importing.BATCH = 500
sys.argv = ["miqrec", "events", "import", sys.argv[1], "--store", sys.argv[2]]
main()
"""


def kill_imports(draw: Random, folder: Path) -> Verdict:
    """Kill an import up to three times, and let it come to its end."""
    log, url = folder / "log.csv", f"sqlite:///{folder / 'events.db'}"
    rows = pl.DataFrame(
        {"user": [f"user-{draw.randrange(50)}" for _ in range(ROWS)], "item": range(ROWS)}
    ).with_columns(time=pl.int_range(ROWS) // 3)
    rows.write_csv(log)
    for _ in range(draw.randrange(1, 4)):
        with _started(log, url, folder) as process:
            _wait_for_rows(url, draw.randrange(ROWS))
            process.kill()
    with _started(log, url, folder) as process:
        if process.wait() != 0:
            return Verdict("died badly", f"exit code {process.returncode}")
    left = [path.name for path in (folder / "cache").rglob(".miqrec-*")]
    return Verdict("left behind", left[0]) if left else _compared(rows, url)


def _started(log: Path, url: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    command = [sys.executable, "-c", _CODE, str(log), url]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL)


def _wait_for_rows(url: str, n_rows: int) -> None:
    """Wait until so many rows are stored, or 10 seconds."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        time.sleep(0.02)
        if Path(url.removeprefix("sqlite:///")).exists() and _n_stored(url) >= n_rows:
            return


def _n_stored(url: str) -> int:
    with open_store(url) as store:
        users = [f"user-{user}" for user in range(50)]
        return sum(map(len, store.histories(users)))


def _compared(rows: pl.DataFrame, url: str) -> Verdict:
    users = rows["user"].unique().to_list()
    with open_store(url) as store:
        histories = store.histories(users)
    for user, history in zip(users, histories, strict=True):
        expected = rows.filter(pl.col("user") == user)["item"].cast(pl.String).to_list()
        found = [event.item for event in history]
        if found != expected:
            outcome = "lost" if len(found) < len(expected) else "silently wrong"
            return Verdict(outcome, f"{len(found)} events of {user} instead of {len(expected)}")
    return Verdict("unharmed")
