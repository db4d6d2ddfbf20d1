"""Leave out of lists what is sold out.

python stock.py candidates.parquet items.parquet lists.parquet
"""

import sys

import polars as pl


def in_stock(lists: pl.DataFrame, items: pl.DataFrame, k: int = 10) -> pl.DataFrame:
    """Keep the k best items of each list that are in stock, and rank them anew from 1."""
    available = items.filter(pl.col("stock") > 0).select(item="sku")
    kept = lists.join(available, on="item", how="semi", maintain_order="left")
    ranked = kept.with_columns(rank=pl.col("rank").rank("ordinal").over("user"))
    return ranked.filter(pl.col("rank") <= k)


if __name__ == "__main__":
    candidates, items, lists = sys.argv[1:]
    in_stock(pl.read_parquet(candidates), pl.read_parquet(items)).write_parquet(lists)
