"""`miqrec events`: logs into the store of a service, and out of it."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.options import CACHE, Json
from miqrec.cli.output import print_json
from miqrec.data.reading.columns import Columns, Missing
from miqrec.errors import MiqrecError
from miqrec.system.optional import optional
from miqrec.system.progress import bar
from miqrec.system.progress import console as messages

Log = Annotated[Path, typer.Argument(help="A file of interactions, or a folder of Parquet files.")]
StoreUrl = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="MIQREC_STORE",
        help="Where the events are: sqlite:///events.db, or postgresql://user@host/database.",
    ),
]
Out = Annotated[Path, typer.Option(help="The .parquet file to write.")]
Column = Annotated[str | None, typer.Option(help="The column, if it has no usual name.")]
Called = Annotated[str, typer.Option(help="What the column is called.")]
Separator = Annotated[
    str | None, typer.Option(help="What stands between the fields of a text file.")
]
Absent = Annotated[
    Missing, typer.Option(help="What to do with rows without a user, an item or a time.")
]


def events() -> None:
    """Put logs into the store of a service, and take out what it collected."""


def import_events(
    log: Log,
    store: StoreUrl,
    user: Column = None,
    item: Column = None,
    time: Column = None,
    kind: Column = None,
    separator: Separator = None,
    missing: Absent = "error",
    json: Json = False,
) -> None:
    """Store the rows of a log as events, which the service then knows its users by.

    Killed, the same command goes on where it was; a log that is stored already is not stored again.

    Example: miqrec events import log.parquet --store sqlite:///events.db --user shopper --item sku
    """
    optional("sqlalchemy", "serving")
    from miqrec.serving.store import open_store
    from miqrec.serving.store.importing import import_log

    if not log.exists():
        raise MiqrecError(f"{log} does not exist; check the path")
    columns = Columns(
        user=user, item=item, time=time, kind=kind, separator=separator, missing=missing
    )
    with open_store(store) as opened, bar() as progress:
        task = progress.add_task("importing", total=None, note="")
        counts = []
        for n_rows in import_log(opened, log, columns, CACHE.parent / "imports"):
            counts.append(n_rows)
            progress.update(task, completed=n_rows)
        known, rows = counts[0], counts[-1]
        if json:
            print_json({"rows": rows, "new": rows - known})
            return
        before = f", {known:,} of them before" if known else ""
        messages.print(f"{rows:,} events of {log} are in {opened.name}{before}", soft_wrap=True)


def export_events(
    store: StoreUrl,
    out: Out,
    user: Called = "user",
    item: Called = "item",
    time: Called = "time",
    kind: Called = "kind",
    json: Json = False,
) -> None:
    """Write the events of a store to a file that every command takes as data.

    Named as in the log that a model was trained on, its columns are found by commands that use the model.

    Example: miqrec events export --store sqlite:///events.db --out log.parquet
    """
    optional("sqlalchemy", "serving")
    from miqrec.serving.store import open_store
    from miqrec.serving.store.exporting import export_log

    with open_store(store) as opened:
        names = {"user": user, "item": item, "time": time, "kind": kind}
        n_events = export_log(opened, out, names)
    if json:
        print_json({"events": n_events})
        return
    messages.print(f"{n_events:,} events in {out}", soft_wrap=True)


COMMANDS = {"import": import_events, "export": export_events}
"""What stands behind `miqrec events`."""
