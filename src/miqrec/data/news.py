"""What is new in a log since a model was trained, and what of the old is to be seen again."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from miqrec.data.dataset import Dataset
from miqrec.data.held_out import Mask, times_of
from miqrec.data.histories import Histories, Integers, Questions, parts_of
from miqrec.data.times import FIRST_SECOND, UNITS, Times
from miqrec.data.wanted import Wanted
from miqrec.errors import MiqrecError

VALIDATED = 0.2
"""The share of the newest day's users whose interactions of that day validate."""

DAY = 24 * 60 * 60 * UNITS["us"]


class News(NamedTuple):
    """What an update trains on, and what it is validated by.

    Attributes:
        train: The histories of those who did something new, and of those who are replayed; what is to be
            predicted in them are the new items, without those of `valid`, and the replayed ones.
        everything: The same with the items of `valid`.
        valid: Questions for what some users did on the newest day.
        n_new: How many interactions are new.
        n_replayed: How many old ones are to be predicted again.
    """

    train: Histories
    everything: Histories
    valid: Questions
    n_new: int
    n_replayed: int


def find_news(
    dataset: Dataset, moment: float, wanted: Wanted, replay: float, rng: np.random.Generator
) -> News:
    """Find what happened after a moment, and the newest of what happened before, to be learned again.

    Args:
        dataset: The log, with what the users did before.
        moment: When the training of the model ended, in the unit of the times.
        wanted: Which interactions may be predicted.
        replay: How many of the newest old items are predicted again for each new one.
        rng: Draws the users who validate.

    Raises:
        MiqrecError: The data have no times, or nothing in them is later than the moment.
    """
    is_new = times_of(dataset.sequences) > moment
    follows = _follows(dataset) if wanted is None else _follows(dataset) & wanted
    if not is_new.any():
        raise MiqrecError("no interaction is later than the model's training, so there is no news")
    owners = np.repeat(np.arange(dataset.sequences.n_users), dataset.sequences.lengths)
    held = _held(dataset, is_new & follows, owners, rng)
    n_old = round(replay * int((is_new & follows).sum()))
    replayed = _newest(times_of(dataset.sequences), ~is_new & follows, n_old)
    asked = (is_new & follows) | replayed
    return News(
        train=_asking(dataset, asked & ~held, owners),
        everything=_asking(dataset, asked, owners),
        valid=_questions(dataset, np.flatnonzero(held), owners),
        n_new=int(is_new.sum()),
        n_replayed=int(replayed.sum()),
    )


def _follows(dataset: Dataset) -> Mask:
    """Mark the interactions, (n,), that another of the same user precedes."""
    follows = np.ones(len(dataset.sequences.items), np.bool_)
    starts = dataset.sequences.offsets[:-1][dataset.sequences.lengths > 0]
    follows[starts] = False
    return follows


def _held(dataset: Dataset, new: Mask, owners: Integers, rng: np.random.Generator) -> Mask:
    """Mark what a share of the newest day's users did on it; all times are one day if they are no dates."""
    times = times_of(dataset.sequences)
    newest = times.max()
    if newest >= FIRST_SECOND * UNITS["us"]:
        new = new & (times > newest - DAY)
    users = np.unique(owners[new])
    chosen = rng.choice(users, int(VALIDATED * len(users)), replace=False)
    return new & np.isin(owners, chosen)


def _newest(times: Times, old: Mask, n: int) -> Mask:
    """Mark the newest n of the old interactions, or all if there are fewer."""
    rows = np.flatnonzero(old)
    newest = np.zeros_like(old)
    newest[rows[np.argsort(-times[rows], kind="stable")[:n]]] = True
    return newest


def _asking(dataset: Dataset, asked: Mask, owners: Integers) -> Histories:
    """Take the users of whom something is asked."""
    return replace(parts_of(dataset, np.unique(owners[asked])), asked=asked)


def _questions(dataset: Dataset, rows: Integers, owners: Integers) -> Questions:
    sequences = dataset.sequences
    return Questions(
        items=sequences.items,
        users=owners[rows],
        starts=sequences.offsets[owners[rows]],
        stops=rows,
        n_items=sequences.n_items,
        n_users=sequences.n_users,
        targets=sequences.items[rows],
        kinds=dataset.event_kinds,
    )
