"""Make the log of a shop that doesn't exist, with what is true of it: `python generate.py shop`.

A shop's log is not a benchmark. People look at things again, put them into the cart and buy them; products
arrive while the log is running; new shoppers come every day and many never return; a few are bots.
Columns have names of the shop's own, ids are strings, and times are in milliseconds.

    shop/log/day=2024-03-01/part-0.parquet    shopper_ref, sku, happened_ms, what
    shop/items.parquet                        sku, title, category, price, stock
    shop/truth/events.parquet                 the log with each event's reason and rank
    shop/truth/shoppers.parquet               shopper_ref, is_bot
    shop/truth/items.parquet                  sku, arrives_ms

An event's *rank* is the rank of its product among all, by the chances from which the generator drew it: no
model can be expected to rank better. `choices.py` tells how shoppers choose, `visits.py` when they come, and
`products.py` what there is to buy. The numbers there were set before any model was trained on the shop.
The same seed gives the same shop with the same version of NumPy.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from choices import KINDS, REASONS, Choices, choose
from products import MOST, Products, make_products
from visits import DAY_MS, HOUR_MS, Integers, Visits, make_visits

START = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1000)


class Shop(NamedTuple):
    """The shop's tables, and the truth that a model can only guess at."""

    events: pl.DataFrame  # shopper_ref, sku, happened_ms, what; and the truth: reason, rank
    items: pl.DataFrame  # sku, title, category, price, stock; and the truth: arrives_ms
    shoppers: pl.DataFrame  # shopper_ref, is_bot


def make_shop(shoppers: int, items: int, days: int, bots: int, seed: int) -> Shop:
    """Make a shop; it takes seconds at 3,000 shoppers, 800 items and 90 days."""
    rng = np.random.default_rng(seed)
    products = make_products(items, START, days, rng)
    visits = make_visits(shoppers, START, days, rng)
    human = _events(visits, choose(visits, products, rng))
    crawled = [_crawl(shoppers + bot, products, days, rng) for bot in range(bots)]
    names = [f"s-{number:06x}" for number in rng.choice(16**6, shoppers + bots, replace=False)]
    people = pl.DataFrame({"shopper_ref": names, "is_bot": np.arange(shoppers + bots) >= shoppers})
    events = pl.concat([human, *crawled]).sort("happened_ms", maintain_order=True)
    events = events.select(
        people["shopper_ref"].gather(events["shopper"]),
        products.frame["sku"].gather(events["product"]),
        *("happened_ms", "what", "reason", "rank"),
    )
    return Shop(events, _items(products, events, rng), people)


def _events(visits: Visits, choices: Choices) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "shopper": visits.shopper,
            "product": choices.product,
            "happened_ms": visits.time,
            "what": np.array(KINDS)[choices.kind],
            "reason": np.array(REASONS)[choices.reason],
            "rank": choices.rank,
        }
    )


def _crawl(shopper: int, products: Products, days: int, rng: np.random.Generator) -> pl.DataFrame:
    """Make a bot's events: on a few nights it looks at everything, in the order of the catalogue."""
    nights = np.sort(rng.choice(days, min(days, rng.integers(3, 8)), replace=False))
    begins = START + nights * DAY_MS + 2 * HOUR_MS  # (nights,)
    night, product = np.nonzero(products.arrives <= begins[:, None])
    return pl.DataFrame(
        {
            "shopper": np.full(len(night), shopper),
            "product": product,
            "happened_ms": begins[night] + 1_500 * product,
            "what": "view",
            "reason": "crawl",
            "rank": pl.Series([None] * len(night), dtype=pl.Int64),
        }
    )


def _items(products: Products, events: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Make the catalogue; stock is what is left of an order that guessed what the shop would sell."""
    bought = events.filter(pl.col("what") == "purchase").group_by("sku").agg(sold=pl.len())
    items = products.frame.join(bought, on="sku", how="left", maintain_order="left")
    sold: Integers = items["sold"].fill_null(0).to_numpy()
    left = np.maximum(rng.poisson(1.1 * sold + 2) - sold.astype(np.int64), 0)
    return items.drop("sold").with_columns(stock=left, arrives_ms=products.arrives)


def write(shop: Shop, folder: Path) -> None:
    """Write the tables of a shop to a new folder."""
    days = shop.events.with_columns(
        day=pl.from_epoch("happened_ms", time_unit="ms").dt.date().cast(pl.String)
    )
    for (day,), events in days.group_by("day", maintain_order=True):
        path = folder / "log" / f"day={day}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        events.drop("day", "reason", "rank").write_parquet(path)
    shop.items.drop("arrives_ms").write_parquet(folder / "items.parquet")
    truth = folder / "truth"
    truth.mkdir()
    shop.events.write_parquet(truth / "events.parquet")
    shop.shoppers.write_parquet(truth / "shoppers.parquet")
    shop.items.select("sku", "arrives_ms").write_parquet(truth / "items.parquet")


def main() -> None:
    """Read the command line, and write the shop."""
    parser = argparse.ArgumentParser(description="Make the log of a shop that doesn't exist.")
    parser.add_argument("folder", type=Path, help="a new folder, which gets the shop")
    parser.add_argument("--shoppers", type=int, default=3000)
    parser.add_argument("--items", type=int, default=800, help=f"at most {MOST}")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--bots", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    options = vars(parser.parse_args())
    folder = options.pop("folder")
    if folder.exists():
        parser.error(f"{folder} exists already; name a new folder")
    shop = make_shop(**options)
    write(shop, folder)
    print(f"{len(shop.events):,} events in {folder}")


if __name__ == "__main__":
    main()
