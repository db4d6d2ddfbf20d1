r"""Metrics of recommended lists: what they hit, and what they are like.

`lists` is a frame with a row for each recommended item: `user`, `item` and `rank` (1 is the best);
`Recommender.recommend` returns such a frame, whose other columns don't matter here. A list may be
shorter than k, and one that is longer is cut at k.

| function              | result     | of the k best items                                          |
|-----------------------|------------|--------------------------------------------------------------|
| `recall`              | a user     | the share of the user's targets that they hit                |
| `precision`           | a user     | the share of them that are targets                           |
| `ndcg`                | a user     | gain by rank, as a share of the best that is possible        |
| `novelty`             | a user     | how few users know them, in bits                             |
| `attribute_diversity` | a user     | how few attributes two of them share                         |
| `vector_diversity`    | a user     | how far apart the vectors of two of them are                 |
| `coverage`            | one number | the share of the catalogue that is recommended to anybody    |
| `gini`                | one number | how unequally the recommendations fall on the catalogue      |

Results of a user are rows of a frame with `user` and `value`, in the order of users, so that two
systems can be compared user by user. `mean` averages them. Nothing else of the library is needed.
"""

from math import log2

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.errors import MiqrecError


def recall(lists: pl.DataFrame, targets: pl.DataFrame, k: int) -> pl.DataFrame:
    """Recall@k = hits / targets, for each user with a target.

    With one target it is the hit rate. A user without a list has no hits. Some authors divide by
    min(k, targets) instead, so that a list that hits k times scores 1.

    Args:
        lists: `user`, `item`, `rank`.
        targets: `user` and `item`, a row for each item that the user went for; repeats count once.
        k: The cutoff.
    """
    share = pl.col("rank").count() / pl.len()  # a missed target has no rank
    return _of_users(_hits(lists, targets, k), share)


def precision(lists: pl.DataFrame, targets: pl.DataFrame, k: int) -> pl.DataFrame:
    """Precision@k = hits / k, for each user with a target, however short the list is.

    Args:
        lists: `user`, `item`, `rank`.
        targets: `user` and `item`, as for `recall`.
        k: The cutoff.
    """
    return _of_users(_hits(lists, targets, k), pl.col("rank").count() / k)


def ndcg(lists: pl.DataFrame, targets: pl.DataFrame, k: int) -> pl.DataFrame:
    """NDCG@k = DCG / IDCG with binary gains, for each user with a target.

    DCG is the sum of 1 / log2(rank + 1) over the hits, and IDCG is that of a list that begins with
    the user's n targets, thus the sum over the ranks 1 to min(n, k) (Järvelin & Kekäläinen, 2002).

    Args:
        lists: `user`, `item`, `rank`.
        targets: `user` and `item`, as for `recall`.
        k: The cutoff.
    """
    gain = 1 / (pl.col("rank") + 1).log(2)
    users = _hits(lists, targets, k).group_by("user").agg(gain.sum().alias("gain"), pl.len())
    ideal = np.cumsum([0, *(1 / log2(rank + 1) for rank in range(1, k + 1))])
    best = pl.Series(ideal[np.minimum(users["len"], k)])
    return users.select("user", value=pl.col("gain") / best).sort("user")


def novelty(lists: pl.DataFrame, log: pl.DataFrame, k: int) -> pl.DataFrame:
    """Mean self-information of a user's items: the average of log2(users / users who had the item).

    It is the number of bits by which it surprises that a random user had the item (Zhou et al.,
    PNAS 2010, where it is called surprisal). An item that nobody had counts as one that a single
    user had; by the formula it would be infinitely novel.

    Args:
        lists: `user`, `item`, `rank`.
        log: The interactions of training, `user` and `item`; repeats count once.
        k: The cutoff.
    """
    users = _not_empty(log, "interactions")["user"].n_unique()
    counts = log.group_by("item").agg(count=pl.col("user").n_unique())
    known = _join(_top(lists, k), counts, "item")
    return _of_users(known, (users / pl.col("count").fill_null(1)).log(2).mean())


def attribute_diversity(lists: pl.DataFrame, items: pl.DataFrame, k: int) -> pl.DataFrame:
    """Intra-list distance by attributes: the mean of 1 - |A and B| / |A or B| over pairs of items.

    A and B are the attributes of two items of a list, so this is the mean Jaccard distance (the
    complement of Ziegler et al.'s intra-list similarity, WWW 2005). Nothing is known of an item
    without attributes: it takes part in no pair, and a user without a pair is left out.

    Args:
        lists: `user`, `item`, `rank`.
        items: `item` and `attributes`, a list of strings.
        k: The cutoff.
    """
    described = items.select("item", pl.col("attributes").list.unique())
    described = described.filter(pl.col("attributes").list.len() > 0)
    top = _join(_top(lists, k), described, "item").drop_nulls("attributes").drop("attributes")
    pairs = top.join(top, on="user").filter(pl.col("rank") < pl.col("rank_right"))
    distances = _jaccard_distances(pairs.select("item", "item_right").unique(), described)
    return _of_users(pairs.join(distances, on=["item", "item_right"]), pl.col("distance").mean())


def vector_diversity(
    lists: pl.DataFrame, items: pl.Series, vectors: npt.NDArray[np.floating], k: int
) -> pl.DataFrame:
    """Intra-list distance by vectors: the mean of 1 - cos(a, b) over pairs of a user's items.

    a and b are the vectors of two items of a list (Smyth & McClave, ICCBR 2001). Over n unit vectors
    the cosines of all pairs sum to (|sum of the vectors|^2 - n) / 2. A user with fewer than two items
    is left out.

    Args:
        lists: `user`, `item`, `rank`.
        items: (n,) the ids of the items that have a vector; each listed item must be among them.
        vectors: (n, D), none of them 0.
        k: The cutoff.
    """
    rows = pl.DataFrame({"item": items, "row": np.arange(len(items))})
    top = _join(_top(lists, k), rows, "item").sort("user")
    if top["row"].has_nulls():
        raise MiqrecError(f"item {top.filter(pl.col('row').is_null())['item'][0]} has no vector")
    users = top.group_by("user", maintain_order=True).len()
    n = users["len"].to_numpy().astype(np.int64)  # (users,)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    sums = np.add.reduceat(units[top["row"]], np.cumsum(n) - n)  # (users, D)
    cosines = ((sums**2).sum(1) - n) / np.maximum(n * (n - 1), 1)  # the mean over pairs
    return users.select("user", value=pl.Series(1 - cosines)).filter(n > 1)


def coverage(lists: pl.DataFrame, n_items: int, k: int) -> float:
    """Catalogue coverage: the share of the catalogue's items that stand in any list (Ge et al., 2010).

    Args:
        lists: `user`, `item`, `rank`.
        n_items: How many items the catalogue has.
        k: The cutoff.
    """
    return len(_exposures(lists, n_items, k)) / n_items


def gini(lists: pl.DataFrame, n_items: int, k: int) -> float:
    """Gini index of the catalogue's exposure: 0 if all items are recommended alike, towards 1 if few are.

    With x_1 <= ... <= x_n, the times that each item is recommended, it is the sum over i of
    (2i - n - 1) x_i, divided by n times the sum of x (Shani & Gunawardana, 2011, section 8.3.2.2,
    with n instead of their n - 1, as is usual for the index).

    Args:
        lists: `user`, `item`, `rank`.
        n_items: How many items the catalogue has; those that are in no list count with 0.
        k: The cutoff.
    """
    listed = np.sort(_exposures(lists, n_items, k))
    places = np.arange(n_items - len(listed) + 1, n_items + 1)  # those of no list come first
    return float(((2 * places - n_items - 1) * listed).sum() / (n_items * listed.sum()))


def mean(values: pl.DataFrame) -> float:
    """Average over users what one of these functions returned.

    Raises:
        MiqrecError: If there is no user.
    """
    return float(_not_empty(values, "users")["value"].mean())  # type: ignore[arg-type]


def _top(lists: pl.DataFrame, k: int) -> pl.DataFrame:
    """Take the first k items of the lists, which are checked to be lists."""
    if k < 1:
        raise MiqrecError(f"the cutoff k is {k}: it must be at least 1")
    lists = _not_empty(lists, "lists").select("user", "item", "rank")
    if lists.select("user", "item").is_duplicated().any():
        raise MiqrecError("an item stands twice in a user's list")
    if (lists["rank"] < 1).any() or lists.select("user", "rank").is_duplicated().any():
        raise MiqrecError("ranks must be whole numbers from 1 upwards, each once in a user's list")
    return lists.filter(pl.col("rank") <= k)


def _hits(lists: pl.DataFrame, targets: pl.DataFrame, k: int) -> pl.DataFrame:
    """Join the targets, each once, with their ranks; null where the first k items miss them."""
    wanted = _not_empty(targets, "targets").select("user", "item").unique()
    return _join(wanted, _top(lists, k), "user", "item")


def _exposures(lists: pl.DataFrame, n_items: int, k: int) -> npt.NDArray[np.int64]:
    """How often each item that is in any list is recommended."""
    counts = _top(lists, k)["item"].value_counts()["count"].to_numpy().astype(np.int64)
    if len(counts) > n_items:
        raise MiqrecError(f"the lists hold {len(counts)} items, and the catalogue only {n_items}")
    return counts


def _jaccard_distances(pairs: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Measure the distance of each pair, `item` and `item_right`, by the attributes of `items`."""
    both = pairs.join(items, on="item").join(items, left_on="item_right", right_on="item")
    one, other = pl.col("attributes"), pl.col("attributes_right")
    shared = one.list.set_intersection(other).list.len()
    united = one.list.set_union(other).list.len()
    return both.select("item", "item_right", distance=1 - shared / united)


def _of_users(frame: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """Return one value a user, in the order of users."""
    return frame.group_by("user").agg(value=value.cast(pl.Float64)).sort("user")


def _join(left: pl.DataFrame, right: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Keep all rows of `left`, with what `right` knows of them."""
    for name in columns:
        if left[name].dtype != right[name].dtype:
            raise MiqrecError(
                f"the column {name} is {left[name].dtype} in one frame and {right[name].dtype} in the "
                "other; give both the same type"
            )
    return left.join(right, on=columns, how="left")


def _not_empty(frame: pl.DataFrame, what: str) -> pl.DataFrame:
    if frame.height == 0:
        raise MiqrecError(f"there are no {what} to measure")
    return frame
