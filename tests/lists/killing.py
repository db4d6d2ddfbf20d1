"""Kill processes as they write lists: `python killing.py MODEL LOG FOLDER`, for `test_writing.py`.

Each is a forked copy of this process, which never computes, since a copy of one that did would lack threads.
"""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from faults.children import in_child
from miqrec import Recommender
from miqrec.lists import manifest

K = 3
USERS = 25
"""How many users a part has."""

MOMENTS = ("before", "within", "after")
PARTS = (0, 3)
NAMES = ("recs", "recs.csv")


def main(model: Path, log: Path, folder: Path) -> None:
    """Leave what a killed process leaves in a folder for each moment, part and name."""
    for moment in MOMENTS:
        for part in PARTS:
            for name in NAMES:
                place = folder / f"{moment} {part}" / name
                place.parent.mkdir(parents=True, exist_ok=True)
                ended = in_child(partial(_killed, model, log, place, part, moment))
                assert ended.code == -signal.SIGKILL, ended


def _killed(model: Path, log: Path, out: Path, part: int, moment: str) -> None:
    manifest.ROWS = USERS * K
    write = pl.DataFrame.write_parquet

    def written(lists: pl.DataFrame, path: Path, **rest: Any) -> None:
        made = list(out.with_name(f"{out.name}.parts").glob("part-*"))
        if len(made) < part:
            write(lists, path, **rest)
        else:
            _end(moment, path, partial(write, lists, path, **rest))

    pl.DataFrame.write_parquet = written
    Recommender.load(model).recommend_to(out, data=log, k=K)


def _end(moment: str, path: Path, write: Callable[[], None]) -> None:
    if moment == "within":
        path.write_bytes(b"PAR1 and half of the rest")
    if moment == "after":
        write()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
