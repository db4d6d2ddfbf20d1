"""The draws behind a perturbation: the seed, the user and the draw decide them, and nothing else does.

All systems see the same noise, whoever else is asked and in whatever order.
"""

import numpy as np
import numpy.typing as npt

from miqrec.data.histories import Integers
from miqrec.errors import MiqrecError
from miqrec.system.seeds import Purpose, stream

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: what SplitMix64 adds from one number to the next."""

Numbers = npt.NDArray[np.float64]


def uniforms(seed: int, draw: int, users: Integers, places: Integers, *, step: int = 0) -> Numbers:
    """Draw a number for each pair of a user and a place in the user's history: (n,) in [0, 1).

    They are SplitMix64's (Steele, Lea & Flood, OOPSLA 2014), used as a counter-based generator: the seed of
    a stream, then the user, then the place are mixed in. A generator with a state would tie a user's numbers
    to those who were asked before.

    Args:
        seed: the seed of the experiment.
        draw: which repetition, from 0.
        users: (n,) internal numbers.
        places: (n,) from 0.
        step: what is drawn: numbers of different steps have nothing to do with each other.

    Raises:
        MiqrecError: the seed or the draw is below 0.
    """
    check_seed(seed, draw)
    state = np.full(len(users), stream(seed, Purpose.PERTURBATION, draw, step), np.uint64)
    for counter in (users, places):
        state = _mixed(state + (counter.astype(np.uint64) + np.uint64(1)) * GOLDEN)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def check_seed(seed: int, draw: int = 0) -> None:
    """See that a stream can be made of these numbers.

    Raises:
        MiqrecError: one of them is below 0.
    """
    for name, number in (("seed", seed), ("draw", draw)):
        if number < 0:
            raise MiqrecError(f"the {name} of the noise is {number}; give 0 or more")


def unseen_items(
    numbers: Numbers, rows: Integers, seen: tuple[Integers, Integers], weights: Integers
) -> Integers:
    """Choose an item for each number, with odds by weight, among those that its row has not seen: (n,).

    The items that are free lie end to end, each as wide as its weight, and a number points to one of them.
    This is exact, without a loop and without trying again.

    Args:
        numbers: (n,) in [0, 1).
        rows: (n,) the row that each is for.
        seen: rows and items (s,) that may not be chosen: distinct pairs, in order of row, then item.
        weights: (n_items + 1,) whole numbers, of which the first, for padding, is 0.

    Raises:
        MiqrecError: a row has no item left.
    """
    total, seen_rows = int(weights.sum()), seen[0]
    ends = np.cumsum(weights)  # (n_items + 1,) where each item's share ends, were all items free
    taken = np.append(0, np.cumsum(weights[seen[1]]))  # (s + 1,) what seen items before each take
    first = np.searchsorted(seen_rows, rows)  # (n,) the row's first seen item
    last = np.searchsorted(seen_rows, rows, side="right")
    free = total - (taken[last] - taken[first])
    if (free <= 0).any():
        raise MiqrecError(
            "a user has had all items, so there is none to add as noise; leave such users out"
        )
    points = (numbers * free).astype(np.int64)  # (n,) among the free items
    row_starts = np.searchsorted(seen_rows, seen_rows)
    free_before = ends[seen[1] - 1] - (taken[:-1] - taken[row_starts])  # (s,)
    passed = np.searchsorted(
        seen_rows * (total + 1) + free_before, rows * (total + 1) + points, side="right"
    )
    items: Integers = np.searchsorted(ends, points + taken[passed] - taken[first], side="right")
    return items


def _mixed(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix the bits of each number, as SplitMix64 does (Stafford's variant 13 of MurmurHash3's finish)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
