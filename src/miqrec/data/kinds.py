"""The kinds of event, such as view, cart and purchase, of a flat array of interactions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Kinds:
    """The kind of each interaction of a flat array.

    Attributes:
        codes: (n,) int16, places in `names`; -1 where an interaction has no kind.
        names: What the kinds are called.
    """

    codes: npt.NDArray[np.int16]
    names: tuple[str, ...]

    def are_among(self, chosen: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Mark the interactions, (n,), whose kind is one of the chosen ones."""
        chosen = set(chosen)
        table = np.array([*(name in chosen for name in self.names), False])
        return table[self.codes]  # -1 is the last place

    def weights(self, given: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """Return the weight of each interaction, (n,): its kind's, or 1 where none is given."""
        table = np.array([*(given.get(name, 1.0) for name in self.names), 1.0], np.float32)
        return table[self.codes]
