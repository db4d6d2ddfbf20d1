"""The mixtures among which one is chosen: families of weights that fall geometrically, or not at all."""

RATIOS = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1)
"""Each answer's weight as a share of the next newer one's; 1 weighs all alike."""

ANSWERS = (2, 3, 5, 10)

SMALLEST = 0.005
"""An answer that weighs less is as good as none, so such a mixture is not tried."""


def geometric(n: int, ratio: float) -> tuple[float, ...]:
    """Return n weights, newest first, each `ratio` times the one before: (.8, .2) for 2 and 1/4.

    They are rounded to three digits, and the newest takes what that leaves of 1.
    """
    total = sum(ratio**place for place in range(n))
    older = [round(ratio**place / total, 3) for place in range(1, n)]
    return round(1 - sum(older), 3), *older


def candidates(longest: int) -> list[tuple[float, ...]]:
    """List the newest answer alone, and both families of 2, 3, 5 and 10 answers.

    Args:
        longest: how many answers the models have at most.
    """
    sizes = [n for n in ANSWERS if n <= longest]
    mixes = [geometric(n, ratio) for n in sizes for ratio in RATIOS]
    return [(1.0,), *(mix for mix in mixes if mix[-1] >= SMALLEST)]
