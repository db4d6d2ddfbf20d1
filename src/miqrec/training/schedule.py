"""How the learning rate changes from step to step."""

from collections.abc import Callable

WARM_UP = 20
"""A linear schedule grows for one of this many steps, and falls for the others."""


def linear(steps: int) -> Callable[[int], float]:
    """Make a linear schedule: up in a line, then down in one that reaches 0 after the last step.

    Args:
        steps: How many steps the training has, if nothing stops it early.

    Returns:
        A function of a step, counted from 0, that gives its share of the learning rate.
    """
    rising = max(1, steps // WARM_UP)
    falling = max(1, steps - rising)

    def share(step: int) -> float:
        return min((step + 1) / rising, (steps - step) / falling)

    return share
