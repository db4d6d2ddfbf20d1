"""The items of a model by their own ids, for requests and answers."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from miqrec.data.catalogue import Catalogue

Id = str | int
Ids = npt.NDArray[np.int64]


class Items:
    """What requests name items by, and what answers say of them.

    Args:
        catalogue: The items of the model.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        everything = np.arange(1, catalogue.n_items + 1)
        self.external: list[Id] = [0, *catalogue.frame["item"].to_list()]
        self.titles: list[str] = ["", *catalogue.titles(everything).to_list()]
        self._numbers = {name: number for number, name in enumerate(self.external) if number}
        self._are_numbers = catalogue.frame["item"].dtype.is_integer()

    def numbers(self, items: Iterable[Id]) -> Ids:
        """Look internal ids up, 0 for an item that the model doesn't know; 7 and "7" are the same item."""
        return np.array([self._number(item) for item in items], np.int64)

    def unknown(self, items: Sequence[Id]) -> list[Id]:
        """Name those that the model doesn't know."""
        return [item for item in items if not self._number(item)]

    def _number(self, item: Id) -> int:
        found = self._numbers.get(item)
        if found is None and isinstance(item, str) is self._are_numbers:
            found = self._numbers.get(_of_other_kind(item))
        return found or 0


def _of_other_kind(item: Id) -> Id:
    """Turn a number into text, and text that is written as a whole number into one."""
    if isinstance(item, int):
        return str(item)
    is_plain = item.isascii() and item.removeprefix("-").isdigit() and len(item) < 20
    return int(item) if is_plain and str(int(item)) == item else item
