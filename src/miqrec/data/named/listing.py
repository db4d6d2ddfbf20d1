"""The named data sets as `miqrec datasets` lists them, with where each is found."""

from dataclasses import dataclass
from pathlib import Path

from miqrec.data.named.definitions import DATASETS
from miqrec.data.named.fetch import locate


@dataclass(frozen=True)
class Listing:
    """A named data set: its size, where to read about it, and where it is.

    Attributes:
        source: The page that describes it.
        place: The file that it is made from, or a word for a data set without one; None for a file that
            is yet to be fetched.
    """

    name: str
    users: int
    items: int
    interactions: int
    source: str
    licence: str
    place: str | None


def list_datasets(data_dir: Path | None = None) -> list[Listing]:
    """List the named data sets and where they are; nothing is fetched."""
    listings = []
    for name, entry in DATASETS.items():
        files = locate(name, data_dir)
        place = str(files.interactions) if files else None
        listings.append(
            Listing(
                *(name, entry.users, entry.items, entry.interactions, entry.page, entry.licence),
                place=place if entry.sources else "made when it is used",
            )
        )
    return listings
