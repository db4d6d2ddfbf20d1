"""Tables of interactions turned into a Dataset, with a catalogue of their own or a given one."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.catalogue import Catalogue, make_catalogue
from miqrec.data.choices import OnUnknown
from miqrec.data.dataset import Dataset
from miqrec.data.ids import positions
from miqrec.data.sequences import Sequences, lengths_to_offsets
from miqrec.data.times import microseconds
from miqrec.errors import MiqrecError, MiqrecWarning

_PIECE = 2**22
"""Interactions counted at a time."""


def build_dataset(
    interactions: pl.DataFrame, items: pl.DataFrame | None = None, name: str = "data"
) -> Dataset:
    """Build a data set whose vocabulary is all the items of `interactions`.

    Users and items are numbered by first appearance in the rows, so the same histories get the
    same numbers whatever file they came from.

    Args:
        interactions: Columns user and item and, where there are any, time, kind and session; each
            user's rows together and in time order, as `prepare` returns them.
        items: Titles and attributes, as `read_items` returns them.
        name: What reports call the data set.
    """
    ids = interactions["item"].unique(maintain_order=True)
    return _build(interactions, make_catalogue(ids, items), name)


def encode_histories(
    users: pl.Series,
    items: pl.Series,
    lengths: npt.NDArray[np.int64],
    catalogue: Catalogue,
    on_unknown: OnUnknown = "skip",
    name: str = "data",
    kinds: pl.Series | None = None,
) -> Dataset:
    """Build a data set of histories, some possibly empty, with an existing catalogue's numbers.

    A user of whose items none is known stays, with an empty history.

    Args:
        users: (n_users,) external ids.
        items: (n,) external ids, one history after the other, each in time order.
        lengths: (n_users,) the items of each user; they add up to n.
        catalogue: The items that are known.
        on_unknown: Skip unknown items with a warning, or make them an error.
        name: What reports call the data set.
        kinds: (n,) of what kind the event with each item was, null where it has none; None for no kinds.

    Raises:
        MiqrecError: If there are unknown items and `on_unknown` is "error".
    """
    columns, names = _kinds(kinds) if kinds is not None else ({}, ())
    encoded, offsets = catalogue.encode(items), lengths_to_offsets(lengths)
    sequences = Sequences(encoded, offsets, catalogue.n_items, **columns)
    dataset = Dataset(sequences, catalogue, users.alias("user"), name, names)
    return _only_known(dataset, items, on_unknown)


def with_catalogue(
    dataset: Dataset, catalogue: Catalogue, on_unknown: OnUnknown = "skip"
) -> Dataset:
    """Return the same histories in the item numbers of another catalogue.

    Raises:
        MiqrecError: If there are unknown items and `on_unknown` is "error".
    """
    numbers = numbers_in(catalogue, dataset, on_unknown)
    if numbers is None:
        return replace(dataset, catalogue=catalogue)
    items = numbers[dataset.sequences.items]
    sequences = replace(dataset.sequences, items=items, n_items=catalogue.n_items)
    return replace(dataset, sequences=sequences.select(items > 0), catalogue=catalogue)


def numbers_in(
    catalogue: Catalogue, dataset: Dataset, on_unknown: OnUnknown = "skip"
) -> npt.NDArray[np.int32] | None:
    """Look up the items of a data set in another catalogue, and tell of those that it doesn't have.

    Returns:
        (n_items + 1,) the number in the catalogue of each of the data set's own, 0 for an item that it
        doesn't have; None where both number their items alike.

    Raises:
        MiqrecError: If there are unknown items and `on_unknown` is "error".
    """
    own = dataset.catalogue.frame["item"]
    if own.equals(catalogue.frame["item"]):
        return None
    numbers = np.append(np.int32(0), catalogue.encode(own))
    counts = _count(dataset.sequences)
    if (unknown := counts[numbers == 0]).any():
        items = own.filter((numbers == 0)[1:] & (counts > 0)[1:])
        _report_unknown(items, int(unknown.sum()), int(counts.sum()), on_unknown)
    return numbers


def _count(sequences: Sequences) -> npt.NDArray[np.int64]:
    """Count each item, (n_items + 1,), reading a memory-mapped array piece by piece."""
    counts = np.zeros(sequences.n_items + 1, np.int64)
    for first in range(0, len(sequences.items), _PIECE):
        piece = sequences.items[first : first + _PIECE]
        counts += np.bincount(piece, minlength=len(counts))
    return counts


def _build(interactions: pl.DataFrame, catalogue: Catalogue, name: str) -> Dataset:
    """Give each item its number in the catalogue; an item outside it becomes 0."""
    users, lengths = _users(interactions["user"])
    kinds: tuple[str, ...] = ()
    columns: dict[str, npt.NDArray[Any]] = {}
    if "time" in interactions.columns:
        columns["times"] = microseconds(interactions["time"])
    if "kind" in interactions.columns:
        coded, kinds = _kinds(interactions["kind"])
        columns |= coded
    if "session" in interactions.columns:
        columns["sessions"], _ = _numbered(interactions["session"])
    items = catalogue.encode(interactions["item"])
    sequences = Sequences(items, lengths_to_offsets(lengths), catalogue.n_items, **columns)
    return Dataset(sequences, catalogue, users, name, kinds)


def _users(column: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """Return each user once and the lengths (n_users,) of their runs of rows."""
    runs = column.rle().struct.unnest()
    users = runs["value"].alias("user")
    if users.n_unique() < len(users):
        raise ValueError("the rows of each user must stand together")
    return users, runs["len"].cast(pl.Int64).to_numpy()


def _numbered(values: pl.Series) -> tuple[npt.NDArray[np.int64], pl.Series]:
    """Return numbers (n,) by first appearance, -1 for null, and the values by their numbers."""
    names = values.drop_nulls().unique(maintain_order=True)
    return positions(values, names), names


def _kinds(values: pl.Series) -> tuple[dict[str, npt.NDArray[Any]], tuple[str, ...]]:
    """Return the column of the kinds' codes, by its name, and the names that they stand for."""
    codes, names = _numbered(values)
    return {"kinds": _as_kinds(codes, len(names))}, tuple(names.cast(pl.String))


def _as_kinds(codes: npt.NDArray[np.int64], n_kinds: int) -> npt.NDArray[np.int16]:
    most = np.iinfo(np.int16).max
    if n_kinds > most:
        raise MiqrecError(
            f"there are {n_kinds:,} kinds of event and at most {most:,} can be told apart; "
            "name the column that holds the kinds, such as view and purchase"
        )
    return codes.astype(np.int16)


def _only_known(dataset: Dataset, items: pl.Series, on_unknown: OnUnknown) -> Dataset:
    """Leave out the interactions whose internal id is 0; `items` (n,) are the external ids."""
    known = dataset.sequences.items > 0
    if known.all():
        return dataset
    unknown = items.filter(~known).unique(maintain_order=True)
    _report_unknown(unknown, int((~known).sum()), len(items), on_unknown)
    return replace(dataset, sequences=dataset.sequences.select(known))


def _report_unknown(unknown: pl.Series, n_skipped: int, n: int, on_unknown: OnUnknown) -> None:
    names = ", ".join(str(item) for item in unknown.head(3)) + (", ..." if len(unknown) > 3 else "")
    finding = (
        f"{n_skipped:,} of {n:,} interactions are with items that are not in the "
        f"catalogue ({len(unknown):,}: {names})"
    )
    if on_unknown == "error":
        raise MiqrecError(f"{finding}; leave them out, or have unknown items skipped")
    warnings.warn(f"{finding} and were skipped", MiqrecWarning, stacklevel=4)
