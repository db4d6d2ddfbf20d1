"""The late mixture by plain loops over one row's answers, in Python's own floats."""

import math
from collections.abc import Collection, Sequence

Vector = Sequence[float]


def mixed_probabilities(
    answers: Sequence[Vector],
    vectors: Sequence[Vector],
    weights: Sequence[float],
    seen: Collection[int] = (),
    temperature: float = 1.0,
) -> dict[int, float]:
    """p(i) of each unseen item i >= 1: the answers a row has, newest first, weighed anew to sum to 1."""
    candidates = [i for i in range(1, len(vectors)) if i not in seen]
    total = sum(weights[: len(answers)])
    mixed = dict.fromkeys(candidates, 0.0)
    for answer, weight in zip(answers, weights, strict=False):
        scores = {i: _dot(answer, vectors[i]) / temperature for i in candidates}
        highest = max(scores.values())
        normaliser = sum(math.exp(score - highest) for score in scores.values())
        for i in candidates:
            mixed[i] += weight / total * math.exp(scores[i] - highest) / normaliser
    return mixed


def _dot(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))
