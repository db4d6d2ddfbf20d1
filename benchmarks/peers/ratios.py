"""Medians, spreads and ratios of measurements that were taken in turn."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Spread(NamedTuple):
    """The median of some values, with the lowest and the highest of them."""

    median: float
    lowest: float
    highest: float


def spread(values: Sequence[float]) -> Spread:
    """Summarise at least one value."""
    return Spread(median(values), min(values), max(values))


def ratios(above: dict[int, float], below: dict[int, float]) -> Spread | None:
    """Divide what was measured in the same repetition.

    Args:
        above: The dividends by repetition.
        below: The divisors by repetition.

    Returns:
        None where no repetition has both.
    """
    both = sorted(above.keys() & below.keys())
    return spread([above[repetition] / below[repetition] for repetition in both]) if both else None


def rate(measurement: dict[str, object]) -> float:
    """Return targets a second: those of an epoch (or a call) by its median seconds, for all sides alike."""
    return measurement["targets"] / median(measurement["seconds"])


def show(values: Spread, digits: int = 2) -> str:
    """Write the median, and the lowest and highest value where they differ."""
    middle, lowest, highest = (f"{value:,.{digits}f}" for value in values)
    return middle if lowest == highest else f"{middle} ({lowest} .. {highest})"
