"""Whom lists are made for: users of the data, or people whose histories are typed in."""

import warnings
from collections.abc import Iterable, Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.choices import OnUnknown
from miqrec.data.dataset import Dataset
from miqrec.data.encoding import encode_histories
from miqrec.data.ids import positions
from miqrec.data.reading.histories import flatten
from miqrec.data.sessions import newest_sessions
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.runs.artifact import Artifact

Id = str | int


def typed_histories(
    artifact: Artifact,
    histories: Sequence[Sequence[Id]],
    on_unknown: OnUnknown,
    kinds: Sequence[Sequence[str]] | None = None,
) -> Dataset:
    """Take histories of external item ids, oldest first; their users are numbered from 0.

    Raises:
        MiqrecError: there is not one kind of event for each item, or an item is no id or not known.
    """
    users, items, lengths = flatten(histories)
    named = None if kinds is None else _kinds(kinds, lengths)
    return encode_histories(users, items, lengths, artifact.catalogue, on_unknown, kinds=named)


def _kinds(kinds: Sequence[Sequence[str]], lengths: npt.NDArray[np.int64]) -> pl.Series:
    _, names, counts = flatten(kinds)
    if not np.array_equal(counts, lengths):
        raise MiqrecError(
            "kinds must name the kind of event of each item of the histories, as in "
            "histories=[['heat', 'ronin']] and kinds=[['view', 'purchase']]"
        )
    return names.cast(pl.String)


def find_users(
    dataset: Dataset, users: Iterable[Id] | None, unknown_users: OnUnknown, *, by_gap: bool = False
) -> npt.NDArray[np.int64]:
    """Look up the numbers of the named users, of all of them for None.

    Args:
        dataset: their histories.
        users: external ids.
        unknown_users: what becomes of users who have no interactions in the data.
        by_gap: whether the users of the data are sessions that gaps end. Their users' names then stand for
            the newest session of each.

    Raises:
        MiqrecError: a user has no interactions in the data, or there is nobody.
    """
    known = pl.DataFrame({"user": dataset.users}).with_row_index("row")
    newest = newest_sessions(dataset.users) if by_gap else known
    names, places = newest["user"], newest["row"].cast(pl.Int64).to_numpy()
    if by_gap and users is not None:
        names, places = (
            names.append(dataset.users),
            np.append(places, np.arange(len(dataset.users))),
        )
    rows = places if users is None else places[_named(names, users, unknown_users)]
    if len(rows) == 0:
        raise MiqrecError("there is nobody to recommend to: give users or histories")
    return rows


def _named(
    known: pl.Series, users: Iterable[Id], unknown_users: OnUnknown
) -> npt.NDArray[np.int64]:
    if isinstance(users, str | bytes):
        raise MiqrecError(f"users is {users!r}; give a list of users, as in users=[{users!r}]")
    names = list(users)
    rows = positions(pl.Series(names, strict=False), known)
    unknown = [str(name) for name, row in zip(names, rows, strict=True) if row < 0]
    if not unknown:
        return rows
    sentence = (
        f"the data has no interactions of {len(unknown):,} of {len(names):,} users "
        f"({', '.join(unknown[:3])}{' ...' if len(unknown) > 3 else ''})"
    )
    if unknown_users == "error":
        raise MiqrecError(f"{sentence}; leave them out, or give their histories instead")
    warnings.warn(f"{sentence}; they were left out", MiqrecWarning, stacklevel=3)
    return rows[rows >= 0]


def check_request(k: int, *on_unknown: OnUnknown) -> None:
    """See that a list has a whole number of items, and that what is unknown is treated by a known word."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer):
        raise MiqrecError(f"k is {k!r}; give a whole number, the length of the lists")
    if wrong := [word for word in on_unknown if word not in get_args(OnUnknown)]:
        raise MiqrecError(
            f"what is unknown can't be treated by {wrong[0]!r}; give 'skip' or 'error'"
        )


def warn_of_empty_lists(n_empty: int, n_users: int) -> None:
    """Say how many users have had every item."""
    if n_empty:
        message = (
            f"{n_empty:,} of {n_users:,} users have had every item, so there is no list for them"
        )
        warnings.warn(message, MiqrecWarning, stacklevel=3)
