"""All users' items in one flat array, with what else is known of each interaction."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Sequences:
    """All histories, one after the other, in user order and within a user in time order.

    Attributes:
        items: (n,) int32, internal ids 1..n_items; may be memory-mapped.
        offsets: (n_users + 1,) int64; user u's items are `items[offsets[u]:offsets[u + 1]]`.
        n_items: The size of the vocabulary, those seen only as targets included.
        times: (n,) when each interaction was: int64 microseconds since 1970 (UTC), or the source's own
            numbers, int64 or float64, where they are no dates; None where the source has no times.
        kinds: (n,) int16, codes of the kinds of event, such as view and purchase, into
            `Dataset.kinds`; -1 where a row names none; None where the source has no kinds.
        sessions: (n,) int64, the same number for the interactions of one session, counted from 0
            by first appearance; -1 where a row names none; None where the source has no sessions.
    """

    items: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    n_items: int
    times: npt.NDArray[np.int64] | npt.NDArray[np.float64] | None = None
    kinds: npt.NDArray[np.int16] | None = None
    sessions: npt.NDArray[np.int64] | None = None

    @property
    def n_users(self) -> int:
        """The number of users, those with an empty history included."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """(n_users,) how many interactions each user has."""
        return np.diff(self.offsets)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the columns beside the items that there are, by their names."""
        columns = {"times": self.times, "kinds": self.kinds, "sessions": self.sessions}
        return {name: column for name, column in columns.items() if column is not None}

    def select(self, kept: npt.NDArray[np.bool_]) -> "Sequences":
        """Return the interactions that `kept` (n,) names; users stay, possibly with none left."""
        owners = np.repeat(np.arange(self.n_users), self.lengths)
        offsets = lengths_to_offsets(np.bincount(owners[kept], minlength=self.n_users))
        columns = {name: column[kept] for name, column in self.columns().items()}
        return Sequences(self.items[kept], offsets, self.n_items, **columns)


def lengths_to_offsets(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the offsets (n_users + 1,) of histories of these lengths (n_users,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
