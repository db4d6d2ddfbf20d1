"""The items: external ids, titles and attributes by internal id."""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs

from miqrec.data.ids import as_dtype, positions
from miqrec.errors import MiqrecError, MiqrecWarning

_DESCRIPTION = {"title": pl.String(), "attributes": pl.List(pl.String())}


DESCRIBED = "described"
"""The column that marks items whose vectors come from their attributes alone."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All items; row i of `frame` is the item with internal id i + 1.

    Attributes:
        frame: Columns `item` (external id, string or integer), `title` (string or null),
            `attributes` (list of strings, empty where there are none) and, where the items have any,
            `properties` (a struct with a field for each, such as price).
    """

    frame: pl.DataFrame

    @property
    def n_items(self) -> int:
        """The number of items, which is the largest internal id."""
        return self.frame.height

    @property
    def described(self) -> npt.NDArray[np.bool_]:
        """(n_items,) whether all that a model knows of an item are its attributes."""
        if DESCRIBED not in self.frame.columns:
            return np.zeros(self.n_items, np.bool_)
        return self.frame[DESCRIBED].fill_null(value=False).to_numpy()

    def encode(self, items: pl.Series) -> npt.NDArray[np.int32]:
        """Return internal ids (n,), with 0 for an item that is not in the catalogue or null."""
        return (positions(items, self.frame["item"]) + 1).astype(np.int32)

    def decode(self, ids: npt.ArrayLike) -> pl.Series:
        """Return the external ids (n,) of internal ids (n,); IndexError outside 1..n_items."""
        return self.frame["item"].gather(self._rows(ids))

    def titles(self, ids: npt.ArrayLike) -> pl.Series:
        """Return the names of the items (n,) for people: the title, or the external id as text."""
        names = pl.coalesce("title", pl.col("item").cast(pl.String)).alias("title")
        return self.frame.select("item", "title")[self._rows(ids)].select(names).to_series()

    def _rows(self, ids: npt.ArrayLike) -> npt.NDArray[np.int64]:
        rows = np.asarray(ids, dtype=np.int64) - 1
        if ((rows < 0) | (rows >= self.n_items)).any():
            raise IndexError(f"internal item ids run from 1 to {self.n_items}")
        return rows


def appended(known: Catalogue, new: pl.DataFrame) -> Catalogue:
    """Put items that are new, as `read_items` or another catalogue has them, behind those that are known."""
    items = as_dtype(new["item"], known.frame["item"].dtype)
    return Catalogue(pl.concat([known.frame, new.with_columns(items)], how="diagonal_relaxed"))


def make_catalogue(ids: pl.Series, items: pl.DataFrame | None = None) -> Catalogue:
    """Make the catalogue of `ids` with the titles and attributes that `items` has for them.

    Args:
        ids: Unique external ids; the first gets internal id 1.
        items: Columns item, title and attributes, as `read_items` returns; its ids are matched
            by value, whatever their type. Its rows of other items are ignored with a warning.

    Raises:
        MiqrecError: If `items` has no item in common with `ids`.
    """
    frame = pl.DataFrame({"item": ids})
    if items is None:
        items = pl.DataFrame(schema=frame.schema | _DESCRIPTION)
    items = items.with_columns(as_dtype(items["item"], ids.dtype))
    _check_overlap(ids, items["item"])
    described = frame.join(
        items.unique("item", keep="first"), on="item", how="left", maintain_order="left"
    )
    return Catalogue(
        described.select(
            "item",
            pl.col("title").cast(pl.String),
            pl.col("attributes").fill_null([]),
            cs.by_name("properties", require_all=False),
        )
    )


def _check_overlap(ids: pl.Series, described: pl.Series) -> None:
    if described.is_empty():
        return
    n_unknown = int((positions(described, ids) < 0).sum())
    if n_unknown == len(described):
        raise MiqrecError(
            "the items file and the interactions have no item in common; "
            "give the items file that belongs to this data set"
        )
    if n_unknown:
        message = f"{n_unknown:,} of the {len(described):,} items described have no interactions"
        warnings.warn(f"{message}; they are ignored", MiqrecWarning, stacklevel=3)
