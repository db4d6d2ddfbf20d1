"""A made-up log of interactions, written to a Parquet file.

python -m benchmarks.growth.log 1000000 FILE
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl


def write(n: int, file: Path) -> None:
    """Write n interactions in the order of time.

    A user has 100 interactions on average, and an item is as popular as 1 / its rank.
    """
    generator = np.random.default_rng(0)
    popularity = 1 / np.arange(1, 50_001)
    ends = popularity.cumsum() / popularity.sum()
    users = generator.integers(max(n // 100, 1), size=n)
    items = np.searchsorted(ends, generator.random(n))
    times = np.sort(generator.integers(10**9, size=n))
    pl.DataFrame({"user": users, "item": items, "time": times}).write_parquet(file)


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
