"""Leave out the bots, and put the last day aside, as if it had not come yet.

    python examples/shop/prepare.py shop

From `shop/log` come `shop/history.parquet` and `shop/today.parquet`. Nobody looks at a hundred products a day
but bots, which want nothing.
"""

import sys
from pathlib import Path

import polars as pl

shop = Path(sys.argv[1])
log = pl.read_parquet(shop / "log")
busiest = log.group_by("shopper_ref", "day").len().filter(pl.col("len") > 100)
people = log.filter(~pl.col("shopper_ref").is_in(busiest["shopper_ref"].unique().implode()))
last = pl.col("day") == people["day"].max()

for name, rows in {"history": people.filter(~last), "today": people.filter(last)}.items():
    rows.drop("day").write_parquet(shop / f"{name}.parquet")
    print(f"{rows.height:,} events in {shop / name}.parquet")
