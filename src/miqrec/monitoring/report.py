"""What has changed between two sets of lists, in figures that a person or a script decides by."""

import numpy as np
import polars as pl

from miqrec.config import Config
from miqrec.errors import MiqrecError
from miqrec.monitoring.divergence import jensen_shannon
from miqrec.monitoring.exposure import coverage, gini, top_share
from miqrec.monitoring.overlap import overlaps

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = 5
"""Items named that appear or disappear."""


class Users(Config):
    """Who has a list."""

    old: int
    new: int
    lost: int
    gained: int


class Spread(Config):
    """A measure over the users who have both lists."""

    mean: float
    quantiles: dict[str, float]


class Shown(Config):
    """How one set of lists shows the items that stand in either."""

    items: int
    coverage: float
    gini: float
    top10_share: float
    popularity_answers: float | None
    """The share of users whom popularity answered; None where the lists don't say who answered."""


class ListsCompared(Config):
    """Two sets of lists, side by side.

    Attributes:
        kept: The mean FRBO over all users who had a list before; one who lost it counts 0.
        identical: The share of the users with both lists in which these are equal.
        appeared: The items in new lists that were in no old one, those in most lists first.
        exposure_shift: The Jensen-Shannon divergence of the two distributions of places over items.
    """

    users: Users
    kept: float
    identical: float
    frbo: Spread
    jaccard: Spread
    old: Shown
    new: Shown
    n_appeared: int
    n_disappeared: int
    appeared: tuple[str, ...]
    disappeared: tuple[str, ...]
    exposure_shift: float


def compare_lists(old: pl.LazyFrame, new: pl.LazyFrame) -> ListsCompared:
    """Compare two sets of lists.

    Args:
        old: `user`, `item`, `rank` and, where there is one, `source`.
        new: The same, with ids of the same types.

    Raises:
        MiqrecError: A set has no lists, or what should be lists isn't.
    """
    for lists, which in ((old, "old"), (new, "new")):
        if lists.limit(1).collect().is_empty():
            raise MiqrecError(f"the {which} lists are empty")
    users = overlaps(old, new)
    both = users.drop_nulls("frbo")
    had, has = users["n_old"].is_not_null(), users["n_new"].is_not_null()
    items = _items(old, new)
    appeared, disappeared = items.filter(pl.col("old") == 0), items.filter(pl.col("new") == 0)
    counts = items["old"].to_numpy(), items["new"].to_numpy()
    return ListsCompared(
        users=Users(
            old=had.sum(), new=has.sum(), lost=(had & ~has).sum(), gained=(has & ~had).sum()
        ),
        kept=float(both["frbo"].sum()) / int(had.sum()),
        identical=_mean(both["same"]),
        frbo=_spread(both["frbo"]),
        jaccard=_spread(both["jaccard"]),
        old=_shown(counts[0], old),
        new=_shown(counts[1], new),
        n_appeared=appeared.height,
        n_disappeared=disappeared.height,
        appeared=tuple(appeared.sort("new", "item", descending=[True, False])["item"].head(SHOWN)),
        disappeared=tuple(
            disappeared.sort("old", "item", descending=[True, False])["item"].head(SHOWN)
        ),
        exposure_shift=jensen_shannon(*counts),
    )


def _items(old: pl.LazyFrame, new: pl.LazyFrame) -> pl.DataFrame:
    """Count how often each item stands in either set: `item` (as text), `old` and `new`."""
    one = old.group_by("item").agg(old=pl.len().cast(pl.Int64))
    other = new.group_by("item").agg(new=pl.len().cast(pl.Int64))
    counted = one.join(other, on="item", how="full", coalesce=True)
    return counted.select(
        pl.col("item").cast(pl.String), pl.col("old").fill_null(0), pl.col("new").fill_null(0)
    ).collect(engine="streaming")


def _shown(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]", lists: pl.LazyFrame) -> Shown:
    return Shown(
        items=int((counts > 0).sum()),
        coverage=coverage(counts),
        gini=gini(counts),
        top10_share=top_share(counts),
        popularity_answers=_popularity_answers(lists),
    )


def _popularity_answers(lists: pl.LazyFrame) -> float | None:
    if "source" not in lists.collect_schema():
        return None
    first = lists.filter(pl.col("rank") == 1).select(pl.col("source") == "popularity")
    return _mean(first.collect(engine="streaming").to_series())


def _spread(values: pl.Series) -> Spread:
    found = {str(q): float(values.quantile(q, "linear") or 0) for q in QUANTILES}
    return Spread(mean=_mean(values), quantiles=found)


def _mean(values: pl.Series) -> float:
    """Average; 0 where there is nothing, as for two sets without a common user."""
    return float(values.mean() or 0)  # type: ignore[arg-type]
