"""The hidden process behind the `demo` data: how a user comes from one item to the next.

* *Popularity* is 1 / rank (Zipf's law), so most items are rare.
* *Interests*: a weight for each genre, the softmax of a Gaussian that changes a little with every
  step (an Ornstein-Uhlenbeck process). Two or three genres matter at a time, and others later.
* *Order*: the items of a genre lie on a circle. The next one lies shortly ahead of the user's last
  one there: its probability is its popularity times exp(-distance / `REACH`), the distance as a
  share of the circle. Since genres take turns, the item that decides is often not the newest one.
* *Noise clicks*: with a given probability an item is drawn by popularity alone. It leaves no trace:
  what the user wants next is what it would have been without.
* A user meets no item twice: what has been met is left out, and the rest scaled up.

The numbers were chosen so that popularity, the last item and the whole history clearly differ in what
they tell of the next item, and so that a transformer can learn it from so few clicks. No two models
were compared.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

REACH = 0.05
"""How far ahead the next item of a genre lies, as a share of the genre's circle."""

TWO_GENRES = 1 / 3
"""The share of items that appeal to a second interest too."""

SPREAD, MEMORY = 3.0, 0.97
"""An interest's standard deviation, and its correlation from one step to the next."""


class World(NamedTuple):
    """What is true of the items; a row or a column is an item, by falling popularity."""

    popularity: Floats  # (items,), sums to 1
    main: Integers  # (items,) each item's main genre, within which it has a place
    belongs: Floats  # (genres, items): 1 for an item's genres, its main one and perhaps another
    first: Floats  # (items,) what comes first in a genre; sums to 1 in each
    following: Floats  # (items, items) what comes after an item in its main genre; rows sum to 1


class Walk(NamedTuple):
    """What the users did; a row is a user, and cells after the end of a history mean nothing."""

    items: Integers  # (users, steps)
    is_noise: Booleans  # (users, steps)
    next_probabilities: Floats  # (users, items) the distribution of each user's last item
    true_interests: Floats  # (users, items) the same if that click is certain not to be noise


def make_world(n_items: int, n_genres: int, rng: np.random.Generator) -> World:
    """Draw the genres of `n_items` items and their order."""
    popularity = 1 / np.arange(1, n_items + 1)
    popularity /= popularity.sum()
    main = rng.permutation(np.arange(n_items) % n_genres)
    second = (main + rng.integers(1, n_genres, n_items)) % n_genres
    second = np.where(rng.random(n_items) < TWO_GENRES, second, main)
    genres = np.arange(n_genres)[:, None]
    belongs = ((genres == main) | (genres == second)).astype(np.float64)
    first = popularity / ((genres == main) @ popularity)[main]
    return World(popularity, main, belongs, first, _following(first, main, rng))


def walk(world: World, lengths: Integers, noise: float, rng: np.random.Generator) -> Walk:
    """Send users through the world, all of them at once, step by step.

    Args:
        world: The items.
        lengths: (users,) how far each user goes, in falling order.
        noise: The probability of a noise click.
        rng: The source of all draws.
    """
    n_users, n_items, steps = len(lengths), len(world.main), int(lengths.max())
    items = np.zeros((n_users, steps), np.int64)
    is_noise = rng.random((n_users, steps)) < noise
    next_probabilities = np.zeros((n_users, n_items))
    true_interests = np.zeros((n_users, n_items))
    unseen = np.ones((n_users, n_items))
    within_genre = np.tile(world.first, (n_users, 1))  # how likely an item is, given its genre
    interests = SPREAD * rng.standard_normal((n_users, len(world.belongs)))
    for step in range(steps):
        active = slice(0, int((lengths > step).sum()))
        # Not by BLAS, whose threads take longer to meet than to do work this small.
        wanted = np.einsum("ug,gi->ui", np.exp(interests[active]), world.belongs)
        wanted *= within_genre[active] * unseen[active]
        popular = world.popularity * unseen[active]
        last = np.flatnonzero(lengths == step + 1)
        true_interests[last] = _scaled(wanted[last])
        by_chance = _scaled(popular[last])
        next_probabilities[last] = noise * by_chance + (1 - noise) * true_interests[last]
        noisy = is_noise[active, step]
        chosen = _draw(np.where(noisy[:, None], popular, wanted), rng)  # (active,)
        items[active, step] = chosen
        unseen[np.arange(len(chosen)), chosen] = 0
        _follow(within_genre, np.flatnonzero(~noisy), chosen[~noisy], world)
        interests[active] = _drift(interests[active], rng)
    return Walk(items, is_noise, next_probabilities, true_interests)


def _following(first: Floats, main: Integers, rng: np.random.Generator) -> Floats:
    """Return what comes after each item: popular items of its genre shortly ahead of it."""
    place = rng.random(len(main))  # on the genre's circle, which is 1 around
    ahead = (place - place[:, None]) % 1  # (items, items)
    scores = np.where(main[:, None] == main, first * np.exp(-ahead / REACH), 0)
    np.fill_diagonal(scores, 0)
    return _scaled(scores)


def _follow(within_genre: Floats, users: Integers, chosen: Integers, world: World) -> None:
    """Let the chosen items decide, from here on, what comes next in their genres."""
    same_genre = world.main == world.main[chosen, None]  # (users, items)
    within_genre[users] = np.where(same_genre, world.following[chosen], within_genre[users])


def _drift(interests: Floats, rng: np.random.Generator) -> Floats:
    """Take one step of the process, which keeps the variance at `SPREAD` squared."""
    change = rng.normal(0, SPREAD * (1 - MEMORY**2) ** 0.5, interests.shape)
    return np.asarray(MEMORY * interests + change)


def _scaled(scores: Floats) -> Floats:
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _draw(scores: Floats, rng: np.random.Generator) -> Integers:
    """Draw one column for each row, in proportion to the scores, by inverting their running sum."""
    cumulative = scores.cumsum(axis=1)
    threshold = (1 - rng.random(len(scores))) * cumulative[:, -1]  # in (0, total]
    return np.asarray((cumulative < threshold[:, None]).sum(axis=1))
