"""Tables of interactions turned into a Dataset, with a catalogue of their own or a given one."""

import warnings
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from miqrec.data.catalogue import Catalogue, make_catalogue
from miqrec.data.dataset import Dataset
from miqrec.data.sequences import HELD_OUT, Sequences
from miqrec.errors import MiqrecError, MiqrecWarning

OnUnknown = Literal["skip", "error"]


def build_dataset(
    interactions: pl.DataFrame, items: pl.DataFrame | None = None, name: str = "data"
) -> Dataset:
    """Builds a data set whose vocabulary is all the items of `interactions`.

    Users and items are numbered by first appearance in the rows, so the same histories get the
    same numbers whatever file they came from.

    Args:
        interactions: columns user and item, each user's rows together and in time order, as
            `prepare` returns them.
        items: titles and attributes, as `read_items` returns them.
        name: what reports call the data set.
    """
    ids = interactions["item"].unique(maintain_order=True)
    catalogue = make_catalogue(ids, items)
    encoded = catalogue.encode(interactions["item"])
    users, lengths = _users(interactions["user"])
    return Dataset(_sequences(encoded, lengths, catalogue), catalogue, users, name)


def encode(
    interactions: pl.DataFrame,
    catalogue: Catalogue,
    on_unknown: OnUnknown = "skip",
    name: str = "data",
) -> Dataset:
    """Makes a data set of new interactions with the item numbers of an existing catalogue.

    Args:
        interactions: columns user and item, each user's rows together and in time order.
        catalogue: the items that are known.
        on_unknown: as for `encode_histories`.
        name: what reports call the data set.

    Raises:
        MiqrecError: there are unknown items and `on_unknown` is "error".
    """
    users, lengths = _users(interactions["user"])
    return encode_histories(users, interactions["item"], lengths, catalogue, on_unknown, name)


def encode_histories(
    users: pl.Series,
    items: pl.Series,
    lengths: npt.NDArray[np.int64],
    catalogue: Catalogue,
    on_unknown: OnUnknown = "skip",
    name: str = "data",
) -> Dataset:
    """Makes a data set of histories, some possibly empty, with an existing catalogue's numbers.

    A user of whose items none is known stays, with an empty history.

    Args:
        users: (n_users,) external ids.
        items: (n,) external ids, one history after the other, each in time order.
        lengths: (n_users,) the items of each user; they add up to n.
        catalogue: the items that are known.
        on_unknown: skip unknown items with a warning, or make them an error.
        name: what reports call the data set.

    Raises:
        MiqrecError: there are unknown items and `on_unknown` is "error".
    """
    encoded = catalogue.encode(items)
    known = encoded > 0
    if not known.all():
        _report_unknown(items, known, lengths, on_unknown)
        owners = np.repeat(np.arange(len(users)), lengths)
        lengths = np.bincount(owners[known], minlength=len(users))
    return Dataset(
        _sequences(encoded[known], lengths, catalogue), catalogue, users.alias("user"), name
    )


def _users(column: pl.Series) -> tuple[pl.Series, npt.NDArray[np.int64]]:
    """Returns each user once and the lengths (n_users,) of their runs of rows."""
    runs = column.rle().struct.unnest()
    users = runs["value"].alias("user")
    if users.n_unique() < len(users):
        raise ValueError("the rows of each user must stand together")
    return users, runs["len"].cast(pl.Int64).to_numpy()


def _sequences(
    encoded: npt.NDArray[np.int32], lengths: npt.NDArray[np.int64], catalogue: Catalogue
) -> Sequences:
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    return Sequences(encoded, offsets, catalogue.n_items)


def _report_unknown(
    items: pl.Series,
    known: npt.NDArray[np.bool_],
    lengths: npt.NDArray[np.int64],
    on_unknown: OnUnknown,
) -> None:
    unknown = items.filter(~known).unique(maintain_order=True)
    names = ", ".join(str(item) for item in unknown.head(3)) + (", ..." if len(unknown) > 3 else "")
    found = (
        f"{(~known).sum():,} of {len(items):,} interactions are with items that are not in the "
        f"catalogue ({len(unknown):,}: {names})"
    )
    if on_unknown == "error":
        raise MiqrecError(f"{found}; leave them out, or have unknown items skipped")
    message = f"{found} and were skipped"
    if n_users := _n_with_unknown_target(known, lengths):
        message += f"; users with an earlier item in the place of a held-out one: {n_users:,}"
    warnings.warn(message, MiqrecWarning, stacklevel=4)


def _n_with_unknown_target(known: npt.NDArray[np.bool_], lengths: npt.NDArray[np.int64]) -> int:
    """Counts the users with an unknown item among the two that are held out."""
    users = np.repeat(np.arange(len(lengths)), lengths)
    from_end = np.cumsum(lengths)[users] - np.arange(len(known))
    return len(np.unique(users[(from_end <= HELD_OUT) & ~known]))
