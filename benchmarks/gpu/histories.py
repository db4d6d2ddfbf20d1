"""The histories that models are timed on: those of a file, or made-up ones.

They are left out by hand, since the library's own readers and splits need more than PyTorch and NumPy.
"""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.data.histories import Histories, Questions

N_USERS, N_ITEMS = 6040, 3416
"""ML-1M's."""


class LeftOut(NamedTuple):
    """What models are trained on, and what they are asked."""

    train: Histories
    test: Questions


def histories(file: Path | None, *, quick: bool) -> LeftOut:
    """Read the histories of a file, or make some up.

    Args:
        file: Lines of a user's and an item's number, both counted from 1, in the order of time.
        quick: Whether 80 made-up users are enough.
    """
    return _made_up(80 if quick else N_USERS) if file is None else _read(file)


def _read(file: Path) -> LeftOut:
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt") as lines:
        users, items = np.loadtxt(lines, dtype=np.int64).T
    items = items[np.argsort(users, kind="stable")].astype(np.int32)
    return _left_out(items, np.bincount(users)[1:], int(items.max()))


def _made_up(n_users: int) -> LeftOut:
    """Draw histories whose lengths are distributed as ML-1M's are."""
    generator = np.random.default_rng(0)
    lengths = generator.lognormal(np.log(96), 1.03, n_users).clip(18, 2277).astype(np.int64)
    items = generator.integers(1, N_ITEMS + 1, lengths.sum(), dtype=np.int32)
    return _left_out(items, lengths, N_ITEMS)


def _left_out(
    items: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64], n_items: int
) -> LeftOut:
    """Leave each user's last item out for test, and the one before it for validation."""
    stops = lengths.cumsum()
    users, starts, n_users = np.arange(len(lengths)), stops - lengths, len(lengths)
    return LeftOut(
        Histories(items, users, starts, stops - 2, n_items, n_users),
        Questions(items, users, starts, stops - 1, n_items, n_users, targets=items[stops - 1]),
    )
