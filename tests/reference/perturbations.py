"""Perturbations by plain loops: one user, one list, one item at a time."""

from collections.abc import Callable, Sequence
from itertools import accumulate

Number = Callable[[str, int], float]
"""The number in [0, 1) of a user for ("item" or "place", a place in the history)."""


def perturbed(
    kind: str, history: list[int], target: int, counts: Sequence[int], share: float, number: Number
) -> list[int]:
    """Return the history with noise; `counts[i]` belongs to item i + 1."""
    even = [1] * len(counts)

    def drawn(place: int, weights: Sequence[int]) -> int:
        return unseen(number("item", place), {*history, target}, weights)

    if kind.endswith("added"):
        weights = counts if kind == "popular-added" else even
        return [*history, drawn(len(history), weights)]
    if kind == "newest-replaced":
        return [*history[:-1], drawn(len(history) - 1, even)] if history else []
    if kind == "newest-dropped":
        return history[:-1]
    if kind == "newest-swapped":
        return [*history[:-2], history[-1], history[-2]] if len(history) > 1 else history
    if kind == "one-dropped":
        place = int(number("place", 0) * len(history))
        return history[:place] + history[place + 1 :]
    return [
        drawn(place, even) if number("place", place) < share else item
        for place, item in enumerate(history)
    ]


def unseen(number: float, seen: set[int], weights: Sequence[int]) -> int:
    """Point into the free items, which lie end to end, each as wide as its weight."""
    free = [(item, weight) for item, weight in enumerate(weights, start=1) if item not in seen]
    ends = list(accumulate(weight for _, weight in free))
    point = int(number * ends[-1])
    return next(item for (item, _), end in zip(free, ends, strict=True) if point < end)
