"""Vectors for items that a model has never seen, from those of items with the same attributes.

Ridge regression, in closed form: with X (n, p) the attributes of the known items, 1 where an item has one,
and Y (n, d) their vectors, whose mean is m, the vector of an item with attributes x is

    m + x W,   W = (X^T X + I)^-1 X^T (Y - m)

The unit of the penalty is that of one item: an attribute that one item alone has speaks with half its voice.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

MOST = 4096
"""So many attributes, the most frequent ones, are told apart; rarer ones say little of other items."""

ROWS = 8192
"""Items taken at a time: X is never held whole."""

Vectors = npt.NDArray[np.float32]


def vectors_like(known: pl.Series, vectors: Vectors, new: pl.Series) -> Vectors:
    """Give new items vectors by their attributes.

    Args:
        known: (n,) the attributes of the known items, a list for each.
        vectors: (n, d) their vectors.
        new: (k,) the attributes of the new items; one that shares none with a known item gets the mean.

    Returns:
        (k, d).
    """
    names = tellable(known)
    mean = vectors.mean(axis=0, dtype=np.float64)
    square = np.eye(len(names))
    product = np.zeros((len(names), vectors.shape[1]))
    for first in range(0, len(known), ROWS):
        x = _one_hot(known[first : first + ROWS], names)
        square += x.T @ x
        product += x.T @ (vectors[first : first + ROWS] - mean)
    weights = np.linalg.solve(square, product)
    parts = [
        _one_hot(new[first : first + ROWS], names) @ weights for first in range(0, len(new), ROWS)
    ]
    found: Vectors = (mean + np.concatenate(parts)).astype(np.float32)
    return found


def tellable(known: pl.Series) -> pl.Series:
    """List the attributes that are told apart: the most frequent of the known items."""
    counts = known.explode(empty_as_null=True).drop_nulls().alias("name").value_counts(name="count")
    return counts.sort("count", "name", descending=[True, False])["name"].head(MOST)


def _one_hot(attributes: pl.Series, names: pl.Series) -> npt.NDArray[np.float64]:
    """Mark the attributes of each item, (n, p)."""
    rows = pl.DataFrame({"name": attributes}).with_row_index("row").explode("name")
    columns = pl.DataFrame({"name": names}).with_row_index("column")
    pairs = rows.join(columns, on="name")
    x = np.zeros((len(attributes), len(names)))
    x[pairs["row"].to_numpy(), pairs["column"].to_numpy()] = 1
    return x
