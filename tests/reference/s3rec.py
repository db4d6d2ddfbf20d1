"""S3-Rec's objectives as loops that read like their equations, and corruption as the authors write it."""

import torch
from torch import Tensor


def attribute_bce(queries: Tensor, attributes: Tensor, labels: list[set[int]]) -> Tensor:
    """Each attribute of each item by itself: -log p where the item has it, -log(1 - p) where not."""
    loss = torch.zeros((), dtype=queries.dtype)
    for query, owned in zip(queries, labels, strict=True):
        for a, vector in enumerate(attributes):
            p = torch.sigmoid(query @ vector)
            loss = loss - (torch.log(p) if a in owned else torch.log(1 - p))
    return loss


def contrast(queries: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """-log sigmoid(f(positive) - f(negative)), f(x) = sigmoid(q . x)."""
    loss = torch.zeros((), dtype=queries.dtype)
    for q, positive, negative in zip(queries, positives, negatives, strict=True):
        distance = torch.sigmoid(q @ positive) - torch.sigmoid(q @ negative)
        loss = loss - torch.log(torch.sigmoid(distance))
    return loss


def prefixes(histories: list[list[int]], max_length: int) -> list[list[int]]:
    """The first 1, 2, ... of each user's newest items, the last two of whom are held out."""
    found = []
    for history in histories:
        training = history[:-2] if len(history) > 2 else history
        newest = training[-max_length:]
        found += [newest[: i + 1] for i in range(len(newest))]
    return found


def segments(sequence, start, size, other, mask) -> tuple[list[int], list[int], list[int]]:
    """What is left of the sequence, the segment, and another in its place: masks everywhere else."""
    before, after = [mask] * start, [mask] * (len(sequence) - start - size)
    context = sequence[:start] + [mask] * size + sequence[start + size :]
    return context, before + sequence[start : start + size] + after, before + other + after
