"""Transition counts by plain loops, and the order in which they rank the next item."""

import itertools
from collections import Counter
from collections.abc import Sequence


def next_items(histories: Sequence[Sequence[int]], last: int | None, n_items: int) -> list[tuple]:
    """What each item 1..n_items is ranked by after `last`: (transitions, interactions)."""
    transitions = Counter(pair for h in histories for pair in itertools.pairwise(h))
    popularity = Counter(item for history in histories for item in history)
    return [(transitions[last, item], popularity[item]) for item in range(1, n_items + 1)]
