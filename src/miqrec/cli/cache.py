"""`miqrec cache`: the data sets that were prepared and kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.filesize import decimal

from miqrec.cli.options import CACHE, Json
from miqrec.cli.output import compact_table, console, print_json
from miqrec.errors import MiqrecError

if TYPE_CHECKING:
    from miqrec.data.cache_entries import Entry

OlderThan = Annotated[
    float | None, typer.Option(min=0, help="Remove what was not used for this many days.")
]
All = Annotated[bool, typer.Option("--all", help="Remove everything.")]


def cache(older_than: OlderThan = None, everything: All = False, json: Json = False) -> None:
    """Show what is kept of prepared data, or remove it; it is prepared again when it is needed.

    The variable MIQREC_CACHE_SIZE says how many gigabytes it may take, by default 10: beyond that, what
    was not used for the longest time is removed.

    Example: miqrec cache --older-than 30
    """
    from miqrec.data.cache_entries import limit, list_entries, remove_entries, unused_for

    if everything and older_than is not None:
        raise MiqrecError("--all and --older-than are given; give one of them")
    entries = list_entries(CACHE)
    removing = everything or older_than is not None
    if removing:
        entries = remove_entries(unused_for(entries, older_than or 0))
    if json:
        print_json([_row(entry) for entry in entries])
        return
    _show(entries)
    sizes = f"{len(entries)} data sets, {decimal(sum(entry.size for entry in entries))}"
    rest = " removed" if removing else f" of at most {decimal(int(limit()))}, in {CACHE}"
    console.print(sizes + rest, soft_wrap=True)


def _show(entries: "Sequence[Entry]") -> None:
    table = compact_table("source", "size", "last used")
    for entry in entries:
        source = entry.source or f"{entry.folder.name}, damaged or of an older version"
        table.add_row(source, decimal(entry.size), _row(entry)["used"])
    if entries:
        console.print(table)


def _row(entry: "Entry") -> dict[str, Any]:
    """Return what is known of an entry as JSON has it."""
    used = datetime.fromtimestamp(entry.used).isoformat(" ", "minutes")
    return {"folder": str(entry.folder), "source": entry.source, "size": entry.size, "used": used}
