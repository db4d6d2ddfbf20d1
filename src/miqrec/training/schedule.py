"""The learning rate from step to step."""

from collections.abc import Callable

WARM_UP = 20
"""A linear schedule grows for one step in so many, and falls for the others."""


def linear(steps: int) -> Callable[[int], float]:
    """The share of the learning rate at each step: up in a line, then down to 0 after the last one.

    Args:
        steps: how many the training has in all, if nothing stops it early.

    Returns:
        A function of a step, counted from 0.
    """
    rising = max(1, steps // WARM_UP)
    falling = max(1, steps - rising)

    def share(step: int) -> float:
        return min((step + 1) / rising, (steps - step) / falling)

    return share
