"""Parts of users' histories, to learn from or to ask about."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from miqrec.data.kinds import Kinds

if TYPE_CHECKING:  # Polars comes with it, which whoever brings arrays does without
    from miqrec.data.dataset import Dataset

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Histories:
    """Parts of users' histories: user `users[i]` has `items[starts[i]:stops[i]]`.

    Attributes:
        items: (n,) internal ids of all users, one user after the other.
        users: (k,) internal numbers of the users.
        starts: (k,) where each part begins.
        stops: (k,) where each part ends.
        n_items: the size of the catalogue.
        n_users: the number of users of the data set, those without a part included.
        kinds: of what kind each of the n interactions is; None where nobody says so.
        asked: (n,) whether an item may be what is to be predicted; None where all may.
    """

    items: npt.NDArray[np.int32]
    users: Integers
    starts: Integers
    stops: Integers
    n_items: int
    n_users: int
    kinds: Kinds | None = field(default=None, kw_only=True)
    asked: npt.NDArray[np.bool_] | None = field(default=None, kw_only=True)

    @property
    def lengths(self) -> Integers:
        """(k,) the number of items of each part."""
        return self.stops - self.starts


@dataclass(frozen=True, eq=False)
class Questions(Histories):
    """Histories `items[starts[i]:stops[i]]`, and the item that came after each.

    Attributes:
        targets: (k,) the internal id of that item; 0 where the catalogue doesn't have it.
    """

    targets: npt.NDArray[np.int32]


def parts_of(dataset: "Dataset", users: Integers) -> Histories:
    """Take the whole histories of these users, (n,) numbers of users in the data set."""
    sequences = dataset.sequences
    return Histories(
        items=sequences.items,
        users=users,
        starts=sequences.offsets[users],
        stops=sequences.offsets[users + 1],
        n_items=sequences.n_items,
        n_users=sequences.n_users,
        kinds=dataset.event_kinds,
    )


def some_questions(questions: Questions, rows: Integers) -> Questions:
    """Take the questions at these places, in their order."""
    chosen = {
        name: getattr(questions, name)[rows] for name in ("users", "starts", "stops", "targets")
    }
    return replace(questions, **chosen)
