"""Medians, spreads and ratios of measurements that were taken in turn."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Spread(NamedTuple):
    """The middle of some values and how far they lie apart."""

    median: float
    lowest: float
    highest: float


def spread(values: Sequence[float]) -> Spread:
    """Summarise at least one value."""
    return Spread(median(values), min(values), max(values))


def ratios(above: dict[int, float], below: dict[int, float]) -> Spread | None:
    """The quotients of what was measured in the same repetition; None where none has both.

    Args:
        above: a value a repetition.
        below: the same of what it is compared with.
    """
    both = sorted(above.keys() & below.keys())
    return spread([above[repetition] / below[repetition] for repetition in both]) if both else None


def rate(measurement: dict[str, object]) -> float:
    """Targets a second, for all sides alike: those of an epoch (or a call) by its median seconds."""
    return measurement["targets"] / median(measurement["seconds"])
