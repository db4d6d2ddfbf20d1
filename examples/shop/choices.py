"""What shoppers do on their visits, and how well anybody could have foretold it.

At each event a shopper does one of three things:

* *follow*: puts the product on the screen into the cart (`CART`), or buys what just went into it (`BUY`);
* *again*: looks at a product from before, the likelier the more recent it is; carts and purchases count
  more than views (`WEIGHTS`). This happens more often at the beginning of a visit (`AGAIN_FIRST`) than in
  the middle of one (`AGAIN`);
* *browse*: looks at a product by its category (often the present one, `STAYS`, and else by the shopper's
  taste), its appeal, how near its style is to the shopper's (`REACH`), and its novelty: a new product is
  on the front page, with `NOVELTY` times its appeal on top, which fades within about `FADES_MS`.

Nobody can look at a product before it arrives.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from products import CATEGORIES, Floats, Products
from visits import DAY_MS, Booleans, Integers, Visits

KINDS = ("view", "cart", "purchase")
REASONS = ("browse", "again", "follow")

CART, BUY = 0.15, 0.5
AGAIN, AGAIN_FIRST = 0.15, 0.3
WEIGHTS = np.array([1, 2, 4], np.float32)
FORGETS = 0.9
STAYS = 0.7
REACH = 0.08
NOVELTY, FADES_MS = 4, 10 * DAY_MS

Scores = npt.NDArray[np.float32]


class Choices(NamedTuple):
    """What happened at each event of the visits; (events,) each."""

    product: Integers
    kind: Integers  # a place in KINDS
    reason: Integers  # a place in REASONS
    rank: Integers  # of the product among all, for who knows everything but the draw itself


class Shoppers(NamedTuple):
    """Who shops, and where they stand; a row is a shopper."""

    taste: Floats  # (shoppers, categories), rows sum to 1
    likes: Scores  # (shoppers, products) what appeals to each, besides novelty
    memory: Scores  # (shoppers, products) how present each product is; changes with every event
    product: Integers  # (shoppers,) the last one
    kind: Integers  # (shoppers,) what was done with it


class Moment(NamedTuple):
    """The next event of some of the shoppers; (active,) each."""

    who: Integers  # rows of Shoppers
    time: Integers
    begins: Booleans  # whether a visit begins


def choose(visits: Visits, products: Products, rng: np.random.Generator) -> Choices:
    """Send all shoppers through their visits at once, event by event."""
    counts = np.bincount(visits.shopper)
    starts = np.append(0, counts.cumsum())
    shoppers = _shoppers(len(counts), products, rng)
    choices = Choices(*np.zeros((4, len(visits.time)), np.int64))
    for step in range(counts.max()):
        who = np.flatnonzero(counts > step)
        at = starts[who] + step  # the events, (active,)
        done = _act(shoppers, Moment(who, visits.time[at], visits.begins[at]), products, rng)
        for column, values in zip(choices, done, strict=True):
            column[at] = values
    return choices


def _shoppers(count: int, products: Products, rng: np.random.Generator) -> Shoppers:
    taste = rng.dirichlet(np.full(len(CATEGORIES), 0.3), count) + 1e-3
    taste /= taste.sum(axis=1, keepdims=True)
    away = np.abs(rng.random((count, 1)) - products.style)
    likes = products.appeal * np.exp(-np.minimum(away, 1 - away) / REACH)
    memory = np.zeros(likes.shape, np.float32)
    product, kind = np.zeros((2, count), np.int64)
    return Shoppers(taste, likes.astype(np.float32), memory, product, kind)


def _act(shoppers: Shoppers, now: Moment, products: Products, rng: np.random.Generator) -> Choices:
    """Draw what each of the active shoppers does."""
    rows, before, kind = np.arange(len(now.who)), shoppers.product[now.who], shoppers.kind[now.who]
    browse, again = _browse(shoppers, now, products), _scaled(shoppers.memory[now.who])
    follows = np.where(now.begins, 0, np.array([CART, BUY, 0])[kind])
    returns = np.where(again.any(axis=1), np.where(now.begins, AGAIN_FIRST, AGAIN), 0)

    luck = rng.random(len(rows))
    reason = np.where(luck < follows, 2, np.where(luck < follows + returns, 1, 0))
    drawn = _draw(np.where((reason == 1)[:, None], again, browse), rng)
    product = np.where(reason == 2, before, drawn)
    kind = np.where(reason == 2, kind + 1, 0)
    _remember(shoppers, now.who, product, kind)

    chance = (1 - follows - returns)[:, None] * browse + returns[:, None] * again
    chance[rows, before] += follows
    rank = (chance >= chance[rows, product][:, None]).sum(axis=1)
    return Choices(product, kind, reason, rank)


def _browse(shoppers: Shoppers, now: Moment, products: Products) -> Scores:
    """Compute each product's chance to be the one that is come across, (active, products)."""
    belongs = (products.category == np.arange(len(CATEGORIES))[:, None]).astype(np.float32)
    present = belongs[:, products.category[shoppers.product[now.who]]].T  # (active, categories)
    stays = np.where(now.begins, 0, STAYS)[:, None]
    category = stays * present + (1 - stays) * shoppers.taste[now.who]
    age = (now.time[:, None] - products.arrives).astype(np.float32)
    visible = (age >= 0) * (1 + NOVELTY * np.exp(-age.clip(0) / FADES_MS))
    score = shoppers.likes[now.who] * visible
    total = score @ belongs.T  # (active, categories)
    return ((category / total)[:, products.category] * score).astype(np.float32)


def _remember(shoppers: Shoppers, who: Integers, product: Integers, kind: Integers) -> None:
    shoppers.memory[who] *= FORGETS
    shoppers.memory[who, product] += WEIGHTS[kind]
    shoppers.product[who], shoppers.kind[who] = product, kind


def _scaled(scores: Scores) -> Scores:
    """Scale rows to sum to 1; a row of zeros stays one."""
    return scores / np.maximum(scores.sum(axis=1, keepdims=True), 1e-30)


def _draw(scores: Scores, rng: np.random.Generator) -> Integers:
    """Draw one column for each row, in proportion to the scores, by inverting their running sum."""
    cumulative = scores.cumsum(axis=1)
    threshold = (1 - rng.random(len(scores))) * cumulative[:, -1]  # in (0, total]
    return (cumulative < threshold[:, None]).sum(axis=1)
