"""What the shop sells: 800 things for the home, of which a good third arrive while the log is running."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from visits import DAY_MS, Integers

CATEGORIES = {
    "lighting": (45, "Table Lamp", "Floor Lamp", "Pendant", "Lantern"),
    "kitchen": (30, "Frying Pan", "Teapot", "Chopping Board", "Colander"),
    "tableware": (18, "Plate", "Bowl", "Mug", "Carafe"),
    "textiles": (35, "Cushion", "Blanket", "Curtain", "Rug"),
    "bedroom": (60, "Duvet", "Pillow", "Bedside Table", "Headboard"),
    "bathroom": (20, "Towel", "Soap Dish", "Bath Mat", "Mirror"),
    "garden": (40, "Planter", "Watering Can", "Deckchair", "Bird Table"),
    "office": (55, "Desk", "Bookend", "Pinboard", "Letter Tray"),
    "storage": (25, "Basket", "Crate", "Shelf", "Coat Rack"),
    "candles": (12, "Candle", "Candlestick", "Tealight Holder", "Incense Burner"),
}
"""Each category with a usual price and its nouns."""

LOOKS = (
    *("Oak", "Walnut", "Bamboo", "Brass", "Copper", "Linen", "Cotton", "Wool", "Velvet", "Marble"),
    *("Slate", "Glass", "Rattan", "Cork", "Clay", "Steel", "Ivory", "Indigo", "Ochre", "Sage"),
)
"""What stands before a noun in a title."""

MOST = len(CATEGORIES) * len(LOOKS) * 4
"""How many products there are names for."""

LATE = 0.4
"""The share of products that arrive after the first day, on a Monday of their own."""

Floats = npt.NDArray[np.float64]


class Products(NamedTuple):
    """The products with what is true of them; (products,) each."""

    frame: pl.DataFrame  # sku, title, category, price
    category: Integers  # its number
    appeal: Floats  # how much it is looked at, besides taste and novelty
    style: Floats  # a place on a circle of circumference 1
    arrives: Integers  # Unix milliseconds; the first products are there from the beginning


def make_products(count: int, start: int, days: int, rng: np.random.Generator) -> Products:
    """Draw `count` products; the late ones arrive on the Mondays of `days` days from `start` on."""
    number = np.arange(count)
    category, place = number % len(CATEGORIES), number // len(CATEGORIES)
    appeal = rng.permutation(1 / (1 + number) ** 0.7)
    per_category = -(-count // len(CATEGORIES))
    is_late = place >= round((1 - LATE) * per_category)
    mondays = start + DAY_MS * np.arange(3, max(days, 4), 7)  # the first day is a Friday
    arrives = np.where(is_late, rng.choice(mondays, count), 0)
    return Products(_frame(category, place, rng), category, appeal, rng.random(count), arrives)


def _frame(category: Integers, place: Integers, rng: np.random.Generator) -> pl.DataFrame:
    """Make names and prices; a product's noun changes with every place, its look with every fourth."""
    names = list(CATEGORIES)
    usual = np.array([price for price, *_ in CATEGORIES.values()])[category]
    prices = np.floor(usual * rng.lognormal(0, 0.4, len(category))) + 0.9
    rows = list(zip((names[number] for number in category), place.tolist(), strict=True))
    titles = [f"{LOOKS[at // 4]} {CATEGORIES[name][1 + at % 4]}" for name, at in rows]
    skus = [f"{name[:3].upper()}-{1000 + 7 * at}" for name, at in rows]
    return pl.DataFrame(
        {"sku": skus, "title": titles, "category": [name for name, _ in rows], "price": prices}
    )
