"""Named data sets: loaded by name, counted, and compared with what they should be."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from miqrec.data.dataset import Dataset
from miqrec.data.demo.generate import generate
from miqrec.data.named.definitions import DATASETS, known
from miqrec.data.named.fetch import find, locate
from miqrec.data.prepared import load_dataset
from miqrec.data.sequences import spans
from miqrec.errors import MiqrecWarning

NAMES = tuple(DATASETS)


@dataclass(frozen=True)
class Statistics:
    """The size of a data set.

    Attributes:
        users, items, interactions: how many there are.
        training: the interactions that are left when two of each user are held out.
    """

    users: int
    items: int
    interactions: int
    training: int

    def __str__(self) -> str:
        """One line for people, with the averages of the paper's Table 1.

        The paper leaves the two held-out items out of its averages for ML-1M (163.5 a user, where
        165.5 are there) and not for the others, so both are given.
        """
        return (
            f"{self.users:,} users, {self.items:,} items, {self.interactions:,} interactions: "
            f"{self.interactions / self.users:.1f} a user, "
            f"{self.interactions / self.items:.1f} an item "
            f"({self.training / self.users:.1f} and {self.training / self.items:.1f} "
            "without the two held-out items of each user)"
        )


@dataclass(frozen=True)
class Row:
    """A named data set as `miqrec datasets` lists it; `found` is None where it must be fetched."""

    name: str
    users: int
    items: int
    interactions: int
    source: str
    licence: str
    found: str | None


def load(name: str, data_dir: Path | None = None, cache: Path | None = None) -> Dataset:
    """Loads a named data set, fetching it if it is not here, with titles and attributes if known.

    Args:
        name: one of `NAMES`.
        data_dir: where to look first, see `miqrec.data.named.fetch.find`.
        cache: a folder for the prepared, memory-mapped form, see `load_dataset`.

    Raises:
        MiqrecError: there is no such data set, it is not here and can't be fetched, or its files
            can't be read.
    """
    if not known(name).sources:
        demo = generate()
        return load_dataset(demo.interactions, items=demo.items, name=name)
    source, interactions, items = find(name, data_dir)
    with warnings.catch_warnings():
        # MovieLens and Last.fm describe items that nobody used: nothing to worry about.
        warnings.filterwarnings("ignore", ".* have no interactions", MiqrecWarning)
        dataset = load_dataset(
            interactions, filters=source.filters, items=items, name=name, cache=cache
        )
    check(name, dataset)
    return dataset


def statistics(dataset: Dataset) -> Statistics:
    """Counts a data set."""
    sequences = dataset.sequences
    training = spans(sequences, "train")
    return Statistics(
        users=sequences.n_users,
        items=sequences.n_items,
        interactions=len(sequences.items),
        training=int((training.stops - training.starts).sum()),
    )


def check(name: str, dataset: Dataset) -> None:
    """Warns if a data set's counts are not those that published numbers were measured on."""
    counted, expected = statistics(dataset), known(name)
    found = (counted.users, counted.items, counted.interactions)
    wanted = (expected.users, expected.items, expected.interactions)
    if found != wanted:
        message = (
            "{} has {:,} users, {:,} items and {:,} interactions, but should have {:,}, {:,} and "
            "{:,}; scores on it cannot be compared with published ones"
        )
        warnings.warn(message.format(name, *found, *wanted), MiqrecWarning, stacklevel=2)


def describe(data_dir: Path | None = None) -> list[Row]:
    """Lists the named data sets and where they are; nothing is fetched."""
    rows = []
    for name, entry in DATASETS.items():
        located = locate(name, data_dir)
        found = str(located.interactions) if located else None
        rows.append(
            Row(
                *(name, entry.users, entry.items, entry.interactions, entry.page, entry.licence),
                found=found if entry.sources else "made when it is used",
            )
        )
    return rows
