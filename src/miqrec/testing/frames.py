"""Interactions with a known truth, which a model must find, and some in which there is nothing to find."""

from functools import cache

import numpy as np
import polars as pl

from miqrec.data.demo.generate import DemoConfig, generate, noise_interactions

NOISE_USERS, NOISE_ITEMS, NOISE_LENGTH = 600, 40, 8


@cache
def circle(n_users: int = 120, n_items: int = 20, length: int = 12) -> pl.DataFrame:
    """Everybody walks round the same circle of items, from a place and for a time of their own."""
    generator = np.random.default_rng(0)
    starts = generator.integers(n_items, size=n_users)
    lengths = generator.integers(5, length + 1, size=n_users)
    users = np.repeat(np.arange(n_users), lengths)
    steps = np.concatenate([np.arange(length) for length in lengths])
    items = (starts[users] + steps) % n_items
    return pl.DataFrame({"user": users, "item": [f"item {item:02}" for item in items]})


@cache
def small_demo() -> pl.DataFrame:
    """Make the demo in small: drifting interests, a long tail, and 15 % of noise clicks."""
    demo = generate(DemoConfig(n_users=800, n_items=60, n_genres=4, mean_length=25))
    return demo.interactions.sort("user", "time")


@cache
def noise() -> pl.DataFrame:
    """Each user meets some of the items, all different, by chance alone."""
    return noise_interactions(NOISE_USERS, NOISE_ITEMS, NOISE_LENGTH, seed=3)
