"""Which rows a split holds out of the flat array of interactions."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from miqrec.data.histories import Integers
from miqrec.data.moments import read_moment, write_moment
from miqrec.data.sequences import Sequences
from miqrec.data.split_config import SHARE, QuestionsAsked, SplitConfig
from miqrec.data.times import Times
from miqrec.data.wanted import Wanted
from miqrec.errors import MiqrecError
from miqrec.system.wording import setting

Mask = npt.NDArray[np.bool_]

HELD_OUT = 2
"""Items of each user that leave-one-out holds out."""


class Asked(NamedTuple):
    """Rows of the flat array that are asked for, whose they are, and the items there; (q,) each."""

    rows: Integers
    users: Integers
    targets: npt.NDArray[np.int32]


class HeldOut(NamedTuple):
    """Where training ends for each user, (n_users,), and what is asked for."""

    train_stops: Integers
    valid: Asked
    test: Asked


def hold_out(sequences: Sequences, config: SplitConfig, wanted: Wanted = None) -> HeldOut:
    """Hold out what a split says, of the interactions that are wanted.

    Raises:
        MiqrecError: If it is by time and the data have no times, or a moment can't be read.
    """
    if config.split == "leave-one-out":
        return _leave_one_out(sequences, wanted)
    times = times_of(sequences)
    first, second = moments(times, config)
    is_valid, is_test = (times >= first) & (times < second), times >= second
    parts = _only(is_valid, wanted), _only(is_test, wanted)
    return _by_time(sequences, times < first, *parts, config.questions)


def hold_out_later(
    sequences: Sequences, moment: float, asked: QuestionsAsked, wanted: Wanted = None
) -> HeldOut:
    """Hold out, for test, what happened after a moment, in the unit of the times."""
    is_later = times_of(sequences) > moment
    parts = np.zeros_like(is_later), _only(is_later, wanted)
    return _by_time(sequences, ~is_later, *parts, asked)


def _only(rows: Mask, wanted: Wanted) -> Mask:
    return rows if wanted is None else rows & wanted


def _leave_one_out(sequences: Sequences, wanted: Wanted) -> HeldOut:
    """Hold out each user's last two of what is wanted, if something came before them."""
    rows = np.arange(len(sequences.items)) if wanted is None else np.flatnonzero(wanted)
    ends = np.searchsorted(
        rows, sequences.offsets
    )  # of each user's rows among those that are wanted
    users = np.flatnonzero(np.diff(ends) >= HELD_OUT)
    valid, test = rows[ends[users + 1] - HELD_OUT], rows[ends[users + 1] - 1]
    enough = valid > sequences.offsets[users]
    users, valid, test = users[enough], valid[enough], test[enough]
    stops = sequences.offsets[1:].copy()
    stops[users] = valid
    return HeldOut(stops, *(_asked(sequences, part, users) for part in (valid, test)))


def _by_time(
    sequences: Sequences, is_train: Mask, is_valid: Mask, is_test: Mask, asked: QuestionsAsked
) -> HeldOut:
    """Hold out by what each row, (n,), belongs to."""
    owners = np.repeat(np.arange(sequences.n_users), sequences.lengths)
    trained = np.bincount(owners[is_train], minlength=sequences.n_users)
    parts = [np.flatnonzero(is_valid), np.flatnonzero(is_test)]
    if asked == "first":
        parts = [rows[np.unique(owners[rows], return_index=True)[1]] for rows in parts]
    held = (_asked(sequences, rows, owners[rows]) for rows in parts)
    return HeldOut(sequences.offsets[:-1] + trained, *held)


def _asked(sequences: Sequences, rows: Integers, users: Integers) -> Asked:
    return Asked(rows, users, sequences.items[rows])


def times_of(sequences: Sequences) -> Times:
    """Return the times of the interactions, (n,).

    Raises:
        MiqrecError: If the data have none.
    """
    if sequences.times is None:
        raise MiqrecError(
            "a split by time needs a column with times, and the data have none; name it, as in "
            f"{setting('time', 'NAME')}, or use {setting('split', 'leave-one-out')}"
        )
    return sequences.times


def moments(times: Times, config: SplitConfig) -> tuple[float, float]:
    """Find where validation and test begin, in the unit of the times."""
    if config.valid_from is None or config.test_from is None:
        test_share = config.test_share or SHARE
        later = test_share + (config.valid_share or SHARE)
        first, second = np.quantile(times, [1 - later, 1 - test_share], method="higher").tolist()
    else:
        first, second = (read_moment(text, times) for text in (config.valid_from, config.test_from))
        if first >= second:
            raise MiqrecError(
                "the split by time has no validation: test_from must be later than valid_from, and "
                f"{config.test_from} is not later than {config.valid_from}"
            )
    return first, second


def check_parts(times: Times, config: SplitConfig, wanted: Wanted = None) -> None:
    """Refuse moments that leave a part of the split empty, of the interactions that are wanted.

    Raises:
        MiqrecError: naming the part, the moments and when the data begin and end.
    """
    first, second = moments(times, config)
    begin, end = write_moment(times.min().item()), write_moment(times.max().item())
    early, late = write_moment(first), write_moment(second)
    of_kind = "" if wanted is None else f" of kind {' or '.join(config.target_kinds or ())}"
    is_valid = (times >= first) & (times < second)
    parts = {
        f"train on: no interaction{of_kind} is before {early}": times < first,
        f"validate on: no interaction{of_kind} is from {early} to before {late}": is_valid,
        f"test on: no interaction{of_kind} is at {late} or later": times >= second,
    }
    for what, rows in parts.items():
        if not _only(rows, wanted).any():
            raise MiqrecError(
                f"there is nothing to {what}; the data go from {begin} to {end}, so choose other moments"
            )
