"""Histories as Python and NumPy hold them, turned into a table of interactions."""

import warnings
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.reading.columns import ITEM, USER, usual_column
from miqrec.errors import MiqrecError, MiqrecWarning

Id = str | int


def are_histories(data: Any) -> bool:
    """Return whether data are histories: a dictionary, a list or another iterable, but no frame."""
    is_frame = hasattr(data, "collect_schema") or hasattr(data, "columns")
    return isinstance(data, Iterable) and not isinstance(data, str | bytes) and not is_frame


def read_histories(histories: Any) -> pl.DataFrame:
    """Read histories into a table with the columns user and item, one row an item, oldest first.

    Empty histories have no rows, and a warning counts them.

    Args:
        histories: As for `flatten`.

    Raises:
        MiqrecError: As `flatten`, or if there is no item at all.
    """
    users, items, lengths = flatten(histories)
    if n_empty := int((lengths == 0).sum()):
        message = f"{n_empty:,} of {len(users):,} histories are empty and were left out"
        warnings.warn(message, MiqrecWarning, stacklevel=3)
    if items.is_empty():
        raise MiqrecError("the histories hold no items; give some that do")
    return pl.DataFrame(
        {"user": users.gather(np.repeat(np.arange(len(users)), lengths)), "item": items}
    )


def flatten(histories: Any) -> tuple[pl.Series, pl.Series, npt.NDArray[np.int64]]:
    """Flatten histories into one column of items.

    Args:
        histories: For each user the items, oldest first: a list of lists, tuples, arrays or other
            iterables (generators are read to their end), an array with a row for each user, or a
            dictionary from user to items. Items are strings or integers; whole floats are integers. If
            any of them is a string, all become strings.

    Returns:
        The users (n_users,), their numbers from 0 unless a dictionary names them; the items (n,) of all
        histories; and the lengths (n_users,) of the histories.

    Raises:
        MiqrecError: If a history is no list of items, as in a flat list, or an item is no id.
    """
    if isinstance(histories, Mapping):
        _check_users(histories)
        users, sequences = _ids(histories.keys(), "user"), list(histories.values())
    else:
        sequences = list(histories)
        users = pl.Series("user", np.arange(len(sequences)))
    lists = [_as_list(history, row) for row, history in enumerate(sequences)]
    lengths = np.array([len(items) for items in lists], dtype=np.int64)
    return users.alias("user"), _ids((item for items in lists for item in items), "item"), lengths


def _check_users(histories: Mapping[Any, Any]) -> None:
    """Check that a dictionary's keys are users, not the names of columns."""
    names = [str(key) for key in histories]
    if usual_column(names, USER) and usual_column(names, ITEM):
        raise MiqrecError(
            f"{', '.join(names)} are columns, not users: make a data frame of the dictionary, or give "
            "one from user to items"
        )


def _as_list(history: Any, row: int) -> list[Any]:
    is_one_value = not isinstance(history, Iterable) or getattr(history, "ndim", 1) == 0
    if is_one_value or isinstance(history, str | bytes | Mapping):
        raise MiqrecError(
            f"history {row} is {history!r}, not a list of items; give a list for each user, as in "
            "[['heat', 'ronin'], ['heat']]"
        )
    return list(history.tolist() if hasattr(history, "tolist") else history)


def _ids(values: Iterable[Any], role: str) -> pl.Series:
    """Return a column of strings if there is one among the values, else of integers."""
    ids = [_id(value, role) for value in values]
    if any(isinstance(value, str) for value in ids) or not ids:
        return pl.Series(role, [str(value) for value in ids], dtype=pl.String)
    try:
        return pl.Series(role, ids, dtype=pl.Int64)
    except (OverflowError, TypeError) as error:
        raise MiqrecError(
            f"an {role} has more digits than 64 bits hold; give it as a string"
        ) from error


def _is_exact(value: float) -> bool:
    """Return whether a float is one integer, and no other integer is the same float."""
    return value.is_integer() and abs(value) <= 2**53


def _id(value: Any, role: str) -> Id:
    """Return a value as a string or an integer."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float | np.floating) and _is_exact(float(value)):
        return int(value)
    raise MiqrecError(f"{value!r} is no {role}: ids are strings or whole numbers that are exact")
