"""Last.fm's histories and the items held out of them. Standard library only: every environment has it."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


class Split(NamedTuple):
    """Item ids, a row a user: what is learned from, what is known when asked, and what is asked for."""

    train: list[list[int]]
    known: list[list[int]]
    asked: list[int]


def leave_one_out() -> Split:
    """Hold out each user's last two items: the last is asked for, when the one before it is known.

    The one before it is validation's, in miqrec's split and in RecBole's, and training has neither.
    """
    rows = _histories()
    return Split(
        train=[row[:-2] for row in rows],
        known=[row[:-1] for row in rows],
        asked=[row[-1] for row in rows],
    )


def _histories() -> list[list[int]]:
    """Read a line a user: the user, and the items in the order in which they came."""
    file = Path(os.environ.get("MIQREC_DATA", SHARED)) / "lastfm" / "LastFM.txt"
    if not file.exists():
        sys.exit(f"{file} is missing: set MIQREC_DATA to the folder that has lastfm/LastFM.txt")
    return [
        [int(item) for item in line.split()[1:]]
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
