"""Filtering by counts as one would write it down: loops over lists, nothing shared."""

from collections import Counter

Pair = tuple[int, int]


def filter_once(pairs: list[Pair], min_user: int, min_item: int) -> list[Pair]:
    users = Counter(user for user, _ in pairs)
    items = Counter(item for _, item in pairs)
    return [(u, i) for u, i in pairs if users[u] >= min_user and items[i] >= min_item]


def k_core(pairs: list[Pair], min_user: int, min_item: int) -> list[Pair]:
    while (kept := filter_once(pairs, min_user, min_item)) != pairs:
        pairs = kept
    return pairs
