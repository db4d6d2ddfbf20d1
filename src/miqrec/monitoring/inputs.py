"""What is asked of a model, beside what it was trained on: unknown items, lengths, popularity."""

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

LENGTHS = (0, *(2**i - 1 for i in range(1, 11)))
"""The longest histories of each count but the last, which has all longer ones: 0, 1, 3, 7 and so on."""


def unknown_share(ids: npt.NDArray[np.integer]) -> float:
    """Compute the share of items that the model doesn't know; 0 where there are no items.

    Args:
        ids: (n,) internal ids, 0 for an item that the catalogue doesn't have.
    """
    return float((ids == 0).mean()) if len(ids) else 0.0


def length_counts(lengths: npt.NDArray[np.integer]) -> Counts:
    """Count histories by length: 0, 1, 2 to 3, 4 to 7 and so on, to 512 to 1023, and 1024 and more.

    A step is a doubling, since the difference of 5 and 10 items matters to a model as that of 50 and 100.
    The counts of two samples are compared by `jensen_shannon`.

    Args:
        lengths: (n,) how many items each history has.
    """
    return np.bincount(np.searchsorted(LENGTHS, lengths), minlength=len(LENGTHS) + 1)


def popularity_tenths(counts: Counts) -> npt.NDArray[np.int8]:
    """Assign items to tenths of the training's interactions, (n_items + 1,): 0 has the most popular items.

    Each tenth holds about a tenth of the interactions, so the first has few items and the last most of
    them. Where the items that are asked for are as popular as those of training, the tenths are asked for
    alike. Padding is in the last.

    Args:
        counts: (n_items,) how often each item was interacted with in training.
    """
    order = np.argsort(-counts, kind="stable")
    sizes = counts[order]
    middles = np.cumsum(sizes) - sizes / 2  # the place of an item's interactions among all
    tenths = np.empty(len(counts) + 1, np.int8)
    tenths[order + 1] = np.minimum(10 * middles / max(counts.sum(), 1), 9)
    tenths[[0, *(np.flatnonzero(counts == 0) + 1)]] = 9
    return tenths


def tenth_counts(ids: npt.NDArray[np.integer], tenths: npt.NDArray[np.int8]) -> Counts:
    """Count items by the tenth of popularity that they belong to, (10,).

    Args:
        ids: (n,) internal ids; those that are 0, which nobody knows, are left out.
        tenths: (n_items + 1,) as `popularity_tenths` returns them.
    """
    return np.bincount(tenths[ids[ids > 0]], minlength=10)
