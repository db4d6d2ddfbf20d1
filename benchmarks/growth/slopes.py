"""Slopes of growth curves on logarithmic axes: 1 is growth in proportion, 2 is quadratic growth."""

import math
from collections.abc import Sequence
from typing import Any


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of the least-squares line through the points on logarithmic axes."""
    x, y = ([math.log(value) for value in column] for column in (sizes, values))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - mean_x) ** 2 for a in x)


def last_slope(points: list[dict[str, Any]], column: str) -> float | None:
    """Return the slope between the two largest sizes, where fixed costs weigh least.

    Returns:
        None where fewer than two points have a positive value.
    """
    ends = [point for point in points if point.get(column, 0) > 0][-2:]
    if len(ends) < 2:
        return None
    return slope([point["size"] for point in ends], [point[column] for point in ends])


def show(value: float | None) -> str:
    """Write a slope with two decimals, or "unknown"."""
    return "unknown" if value is None else f"{value:.2f}"
