r"""How alike the lists of the same users are in two sets of lists.

With A_d and B_d the first d items of a user's old and new list, and k the length of the longer one,

    Jaccard = |A_k and B_k| / |A_k or B_k|
    FRBO    = (1 - p) / (1 - p^k) * sum over d = 1..k of p^(d-1) * |A_d and B_d| / d,     p = .9

(`miqrec.stability.similarity` has the sources.) An item that both lists have is common to A_d and B_d from
d = m on, its lower place in the two. So with S(n) = sum over d = 1..n of p^(d-1) / d the sum is that of
S(k) - S(m - 1) over the common items, which takes one join of the two sets.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import polars as pl

from miqrec.errors import MiqrecError

P = 0.9
"""How likely a reader is to look at one more place."""

_CONVERGED = 1000
"""From here on S(n) stays the same: the next terms are below 1e-48."""

_S = pl.Series(
    np.concatenate([[0.0], np.cumsum(P ** np.arange(_CONVERGED) / np.arange(1, _CONVERGED + 1))])
)
"""S(0), S(1), ..., S(1000)."""


def list_overlap(old: Sequence[Hashable], new: Sequence[Hashable]) -> float:
    """Compute the FRBO of two lists, best first; 1 for two that are empty.

    Args:
        old: Items, each once.
        new: Items, each once.
    """
    k = max(len(old), len(new))
    places = {item: place for place, item in enumerate(old, 1)}
    lower = [max(place, places[item]) for place, item in enumerate(new, 1) if item in places]
    sums = _S.to_numpy()
    common = sums[min(k, _CONVERGED)] - sums[np.minimum(lower, _CONVERGED + 1).astype(int) - 1]
    return float(common.sum() * (1 - P) / (1 - P**k)) if k else 1.0


def overlaps(old: pl.LazyFrame, new: pl.LazyFrame) -> pl.DataFrame:
    """Compare the lists of each user.

    Args:
        old: `user`, `item` and `rank`, from 1.
        new: The same, with ids of the same types.

    Returns:
        A row for each user of either set: `n_old` and `n_new`, the lengths of the lists, null where there is
        none; `jaccard` and `frbo`; and `same`, whether the lists are equal. The last three are null unless
        the user has both lists.

    Raises:
        MiqrecError: what should be lists isn't.
    """
    keys = [pl.col(key).hash() for key in ("user", "item")]  # of 8 bytes, whatever the ids are
    old, new = old.select(*keys, "rank"), new.select(*keys, "rank")
    sizes = _sizes(old, "n_old").join(_sizes(new, "n_new"), on="user", how="full", coalesce=True)
    users = sizes.join(_common(old, new), on="user", how="left").collect(engine="streaming")
    for name in ("old", "new"):
        if not users[f"n_{name}_is_list"].all():
            raise MiqrecError(f"the {name} lists have a user whose ranks are not 1, 2, 3 and so on")
    return _measured(users)


def _sizes(lists: pl.LazyFrame, name: str) -> pl.LazyFrame:
    is_list = (pl.col("rank").max() == pl.len()) & (pl.col("rank").n_unique() == pl.len())
    return lists.group_by("user").agg(pl.len().alias(name), is_list.alias(f"{name}_is_list"))


def _common(old: pl.LazyFrame, new: pl.LazyFrame) -> pl.LazyFrame:
    """Sum up each user's common items: how many, how many at the same place, and their S(m - 1)."""
    before = pl.LazyFrame({"lower": range(1, _CONVERGED + 1), "before": _S[:-1]})
    lower = pl.min_horizontal(pl.max_horizontal("rank", "rank_right"), pl.lit(_CONVERGED))
    return (
        old.join(new, on=["user", "item"])
        .with_columns(lower=lower.cast(pl.Int64))
        .join(before, on="lower")
        .group_by("user")
        .agg(
            common=pl.len(),
            in_place=(pl.col("rank") == pl.col("rank_right")).sum(),
            before=pl.col("before").sum(),
        )
    )


def _measured(users: pl.DataFrame) -> pl.DataFrame:
    n_old, n_new = pl.col("n_old"), pl.col("n_new")
    common, longer = pl.col("common").fill_null(0), pl.max_horizontal(n_old, n_new)
    of_all = pl.lit(_S).gather(pl.min_horizontal(longer, pl.lit(_CONVERGED)))  # S(k)
    summed = common * of_all - pl.col("before").fill_null(0)
    scale = (1 - P) / (1 - pl.lit(P).pow(longer))
    both = pl.when(n_old.is_not_null() & n_new.is_not_null())
    return users.select(
        "n_old",
        "n_new",
        jaccard=both.then(common / (n_old + n_new - common)),
        frbo=both.then(summed * scale),
        same=both.then((pl.col("in_place").fill_null(0) == longer) & (n_old == n_new)),
    )
