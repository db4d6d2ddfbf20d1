"""`miqrec datasets`: the data sets that miqrec knows by name."""

from dataclasses import asdict

from miqrec.cli.options import DataDir, Json
from miqrec.cli.output import compact_table, console, print_json


def datasets(data_dir: DataDir = None, json: Json = False) -> None:
    """List the named data sets: sizes, sources, licences, and where each is found.

    Example: miqrec datasets --data-dir data/
    """
    from miqrec.data.named.listing import list_datasets  # brings what fetches files

    rows = list_datasets(data_dir)
    if json:
        print_json([asdict(row) for row in rows])
        return
    table = compact_table("name", "users", "items", "interactions", "where")
    for row in rows:
        sizes = (f"{size:,}" for size in (row.users, row.items, row.interactions))
        table.add_row(row.name, *sizes, row.place or "fetched when it is used")
    console.print(table)
    for row in rows:
        console.print(f"{row.name}: {row.source} ({row.licence})", soft_wrap=True)
