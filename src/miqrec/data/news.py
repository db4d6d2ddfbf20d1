"""What is new in a log since a model was trained, and what of the old is to be seen again."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from miqrec.data.dataset import Dataset
from miqrec.data.held_out import Mask, times_of
from miqrec.data.histories import Histories, parts_of
from miqrec.data.times import Times
from miqrec.data.wanted import Wanted
from miqrec.errors import MiqrecError


class News(NamedTuple):
    """What an update trains on.

    Attributes:
        histories: Those of who did something new, and of who is replayed; what is to be predicted in them
            are the new items and the replayed ones.
        n_new: How many interactions are new.
        n_replayed: How many old ones are to be predicted again.
    """

    histories: Histories
    n_new: int
    n_replayed: int


def find_news(dataset: Dataset, moment: float, wanted: Wanted, replay: float) -> News:
    """Find what happened after a moment, and the newest of what happened before, to be learned again.

    Args:
        dataset: The log, with what the users did before.
        moment: When the training of the model ended, in the unit of the times.
        wanted: Which interactions may be predicted.
        replay: How many of the newest old items are predicted again for each new one.

    Raises:
        MiqrecError: The data have no times, nothing in them is later than the moment, or none of that may be
            predicted.
    """
    times = times_of(dataset.sequences)
    is_new = times > moment
    if not is_new.any():
        raise MiqrecError("no interaction is later than the model's training, so there is no news")
    follows = _follows(dataset) if wanted is None else _follows(dataset) & wanted
    learned = is_new & follows
    if not learned.any():
        raise MiqrecError(
            "nothing new can be learned from: all of it is its user's first interaction, or of a kind that "
            "is not predicted; wait for more"
        )
    replayed = _newest(times, ~is_new & follows, round(replay * int(learned.sum())))
    return News(_asking(dataset, learned | replayed), int(is_new.sum()), int(replayed.sum()))


def _follows(dataset: Dataset) -> Mask:
    """Mark the interactions, (n,), that another of the same user precedes."""
    follows = np.ones(len(dataset.sequences.items), np.bool_)
    starts = dataset.sequences.offsets[:-1][dataset.sequences.lengths > 0]
    follows[starts] = False
    return follows


def _newest(times: Times, old: Mask, n: int) -> Mask:
    """Mark the newest n of the old interactions, or all if there are fewer."""
    rows = np.flatnonzero(old)
    newest = np.zeros_like(old)
    newest[rows[np.argsort(-times[rows], kind="stable")[:n]]] = True
    return newest


def _asking(dataset: Dataset, asked: Mask) -> Histories:
    """Take the users of whom something is asked."""
    owners = np.repeat(np.arange(dataset.sequences.n_users), dataset.sequences.lengths)
    return replace(parts_of(dataset, np.unique(owners[asked])), asked=asked)
