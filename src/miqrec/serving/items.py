"""The items of a model by their own ids, for requests and answers."""

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.catalogue import Catalogue
from miqrec.serving.filters import Filters, allowed, properties

Id = str | int
Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_KEPT = 128
"""Filters whose items are remembered, since a shop's pages ask by the same ones over and over."""


class Items:
    """What requests name items by, and what answers say of them.

    Args:
        catalogue: The items of the model.
        counts: (n_items,) how often each was interacted with in training.

    Attributes:
        count: The number of items.
        external: Their own ids by the internal ones; entry 0 is no item's.
        titles: Their titles likewise.
        described: Whether a vector was made from attributes alone, (count + 1,) likewise.
    """

    def __init__(self, catalogue: Catalogue, counts: npt.NDArray[np.int64]) -> None:
        everything = np.arange(1, catalogue.n_items + 1)
        self.count = catalogue.n_items
        self.external: list[Id] = ["", *catalogue.frame["item"].to_list()]
        self.titles: list[str] = ["", *catalogue.titles(everything).to_list()]
        self.described: list[bool] = [False, *catalogue.described.tolist()]
        self._properties = properties(catalogue)
        self._numbers = {name: number for number, name in enumerate(self.external) if number}
        self._are_numbers = catalogue.frame["item"].dtype.is_integer()
        self._table = _searchable(self, catalogue, counts)
        self._meeting = lru_cache(_KEPT)(partial(_mask, self._properties))

    def numbers(self, items: Sequence[Id]) -> Ids:
        """Look internal ids up, 0 for an item that the model doesn't know; 7 and "7" are the same item."""
        found = [self._numbers.get(item, 0) for item in items]
        if 0 in found:  # of few histories: the others don't wait for what they don't need
            found = [self._number(item) for item in items]
        return np.array(found, np.int64)

    def unknown(self, items: Iterable[Id]) -> list[Id]:
        """Name those that the model doesn't know."""
        return [item for item in items if not self._number(item)]

    def meeting(self, filters: Filters) -> Mask:
        """Mark the items that meet all conditions, (n_items + 1,); not to be written to.

        Raises:
            MiqrecError: There is no such attribute, or its values are of another type.
        """
        return self._meeting(_Key(filters))

    def search(self, text: str, limit: int) -> list[int]:
        """Find items whose title or id has the text in it: titles that begin with it first, then the popular.

        Case doesn't matter. Without a text these are the most popular items.
        """
        wanted = text.casefold()
        name = pl.col("name")
        found = self._table.filter(name.str.contains(wanted, literal=True))
        first = name.str.starts_with(wanted).alias("first")
        return (
            found.sort(first, "count", descending=True, maintain_order=True)["id"]
            .head(limit)
            .to_list()
        )

    def describe(self, number: int) -> dict[str, object]:
        """Give an item's attributes by their names."""
        return self._properties.row(number - 1, named=True)

    def _number(self, item: Id) -> int:
        found = self._numbers.get(item)
        if found is None and isinstance(item, str) is self._are_numbers:
            found = self._numbers.get(_of_other_kind(item))
        return found or 0


class _Key:
    """Filters as the key of a cache: 1, 1.0 and true are equal in Python, and not to a filter."""

    def __init__(self, filters: Filters) -> None:
        self.filters = filters
        self._text = repr(sorted(filters.items(), key=lambda each: each[0]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def _mask(items: pl.DataFrame, key: _Key) -> Mask:
    if not key.filters:
        return np.append(False, np.ones(items.height, bool))
    return np.append(False, allowed(items, key.filters).to_numpy())


def _searchable(items: Items, catalogue: Catalogue, counts: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Make the table that is searched: `id`, `name` (title and id, without case) and `count`."""
    names = [
        f"{title}\n{name}".casefold()
        for title, name in zip(items.titles[1:], items.external[1:], strict=True)
    ]
    numbers = np.arange(1, catalogue.n_items + 1)
    return pl.DataFrame({"id": numbers, "name": names, "count": counts})


def _of_other_kind(item: Id) -> Id:
    """Turn a number into text, and text that is written as a whole number into one."""
    if isinstance(item, int):
        return str(item)
    is_plain = item.isascii() and item.removeprefix("-").isdigit() and len(item) < 20
    return int(item) if is_plain and str(int(item)) == item else item
