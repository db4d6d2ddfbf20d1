"""Where a batch is cut, so that what is encoded together is of similar length.

A batch is drawn at random; its pieces together are that batch, with less padding. (Batches whose users
all have similar lengths save more, and learn more slowly: benchmarks/README.md.)
"""

import math

import numpy as np
import numpy.typing as npt
import torch

Integers = npt.NDArray[np.int64]

WORTH = 256
"""Padded positions that a cut must save: about what one piece more costs a CPU in float32."""
WORTH_REDUCED = 1024
"""The same in bfloat16, whose products a CPU compiles anew for every shape (some 10 ms a piece)."""


def worth_on(device: torch.device, *, reduced: bool) -> float:
    """Return the padded positions that a cut must save to be worth it on a device.

    Off the CPU batches stay whole: on an H200 a step in two pieces takes 1.5 to 1.7 times as long.
    """
    if device.type != "cpu":
        return math.inf
    return WORTH_REDUCED if reduced else WORTH


def cut(lengths: Integers, worth: float) -> list[Integers]:
    """Cut the rows of a batch into pieces of similar length, the short ones first.

    Args:
        lengths: Of the rows, in any order.
        worth: A piece is cut in two, where that saves most, as long as it saves this many positions.
    """
    order = np.argsort(lengths, kind="stable")
    return np.split(order, _places(lengths[order], worth))


def _places(ascending: Integers, worth: float) -> list[int]:
    rows = np.arange(1, len(ascending) + 1)
    saved = rows * (ascending[-1] - ascending)  # (B,) by a cut after each row
    place = int(saved.argmax()) + 1
    if saved[place - 1] < worth:
        return []
    before, after = ascending[:place], ascending[place:]
    return [*_places(before, worth), place, *(place + i for i in _places(after, worth))]
