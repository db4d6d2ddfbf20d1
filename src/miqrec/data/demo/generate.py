"""Data whose truth is known: the `demo`, made offline from a seed, and pure noise.

The module `miqrec.data.demo.world` describes what users of the demo do. The same seed gives the same data
with the same version of NumPy.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from miqrec.config import Config
from miqrec.data.demo.titles import GENRES, slug, title
from miqrec.data.demo.world import Booleans, Floats, Integers, World, make_world, walk

SHORTEST = 5
"""The fewest clicks of a user."""

START = 1_704_067_200
"""The first of January 2024 in Unix seconds."""


class DemoConfig(Config):
    """The size of the demo and its share of noise clicks."""

    n_users: int = Field(1500, ge=1)
    n_items: int = Field(400, ge=5 * len(GENRES))
    n_genres: int = Field(10, ge=2, le=len(GENRES))
    mean_length: int = Field(40, gt=SHORTEST)
    noise: float = Field(0.15, ge=0, le=1)
    seed: int = Field(0, ge=0)


@dataclass(frozen=True)
class Demo:
    """The log, the items, and the truth that a model can only guess at.

    Attributes:
        interactions: One row a click in order of time, with `user`, `item`, `time` (Unix seconds).
            A user meets no item twice.
        items: All items by falling popularity, with `item`, `title` and `attributes` (one genre or
            two). An item that nobody clicked on (none at the default size) is listed here only.
        is_noise: (interactions,) whether a click was noise.
        users: The users in the order of the rows of `next_probabilities`.
        next_probabilities: (users, items) the distribution from which each user's *last* item was
            drawn, given the hidden state too. No model can be expected to rank better than this.
        true_interests: (users, items) the part of it that is no noise: the distribution of the last
            item if that click is meant. Noise clicks before it have left no trace in it.
    """

    interactions: pl.DataFrame
    items: pl.DataFrame
    is_noise: Booleans
    users: pl.Series
    next_probabilities: Floats
    true_interests: Floats


def generate(config: DemoConfig | None = None) -> Demo:
    """Make the demo data, in about a second at the default size (60,000 clicks)."""
    config = config or DemoConfig()
    rng = np.random.default_rng(config.seed)
    world = make_world(config.n_items, config.n_genres, rng)
    lengths = _lengths(config, rng)
    clicks = walk(world, lengths, config.noise, rng)
    users = _users(config.n_users).gather(rng.permutation(config.n_users))
    items = _items(world)
    times = _times(clicks.items.shape, rng)
    rows, steps = np.nonzero(np.arange(lengths.max()) < lengths[:, None])  # (interactions,) each
    log = pl.DataFrame(
        {
            "user": users.gather(rows),
            "item": items["item"].gather(clicks.items[rows, steps]),
            "time": times[rows, steps],
            "noise": clicks.is_noise[rows, steps],
        }
    ).sort("time", maintain_order=True)
    is_noise = log["noise"].to_numpy()
    truth = clicks.next_probabilities, clicks.true_interests
    return Demo(log.drop("noise"), items, is_noise, users, *truth)


def noise_interactions(n_users: int, n_items: int, length: int, seed: int = 0) -> pl.DataFrame:
    """Make pure noise: each user meets `length` of the items, all different, uniformly at random.

    With seen items left out of the ranking, any model's hit rate at k for the users' last items is
    k / (n_items - length + 1) on average.

    Returns:
        A frame with `user`, `item` and `time`, the place in the user's history.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.random((n_users, n_items)).argsort(axis=1)[:, :length]  # (users, length)
    rows, steps = np.indices(chosen.shape).reshape(2, -1)
    items = _numbered("item", n_items).gather(chosen.ravel())
    return pl.DataFrame({"user": _users(n_users).gather(rows), "item": items, "time": steps})


def _lengths(config: DemoConfig, rng: np.random.Generator) -> Integers:
    """History lengths in falling order: `SHORTEST` and a geometric number, as in real logs."""
    extra = rng.geometric(1 / (config.mean_length - SHORTEST + 1), config.n_users) - 1
    longest = min(5 * config.mean_length, config.n_items // 2)
    return np.sort(np.minimum(SHORTEST + extra, longest))[::-1]


def _times(shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
    """Unix seconds: users start within the same month, and leave hours between their clicks."""
    start = START + rng.integers(0, 30 * 86_400, (shape[0], 1))
    gaps = 1 + rng.exponential(6 * 3600, shape).astype(np.int64)
    return np.asarray(start + gaps.cumsum(axis=1))


def _users(n_users: int) -> pl.Series:
    return _numbered("user", n_users)


def _numbered(kind: str, count: int) -> pl.Series:
    return pl.Series([f"{kind}-{i:0{len(str(count))}}" for i in range(1, count + 1)])


def _items(world: World) -> pl.DataFrame:
    titles, attributes = [], []
    numbers: Counter[int] = Counter()
    for item, main in enumerate(world.main.tolist()):
        titles.append(title(GENRES[main], numbers[main]))
        numbers[main] += 1
        genres = np.flatnonzero(world.belongs[:, item])
        attributes.append([GENRES[main], *(GENRES[g] for g in genres if g != main)])
    names = [slug(name) for name in titles]
    return pl.DataFrame({"item": names, "title": titles, "attributes": attributes})
