"""Ranks and lists by plain loops over one user's scores."""

from collections.abc import Collection, Sequence


def rank(scores: Sequence[float], target: int, seen: Collection[int] = ()) -> int:
    """1 + the number of other items, not seen, that score higher or equal; item 0 is padding."""
    others = [i for i in range(1, len(scores)) if i != target and i not in seen]
    return 1 + sum(scores[i] >= scores[target] for i in others)


def best(scores: Sequence[float], k: int, seen: Collection[int] = ()) -> list[int]:
    """Ids of the k best items, not seen, ties by smaller id; 0 where candidates run out."""
    items = [i for i in range(1, len(scores)) if i not in seen]
    items.sort(key=lambda i: (-scores[i], i))
    return (items + [0] * k)[:k]
