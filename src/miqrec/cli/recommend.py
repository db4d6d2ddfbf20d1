"""`miqrec recommend`: lists for users of a data set, or after a history that is typed in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.cli.options import DataDir, Device, Json, Mix, OptionalData, Temperature
from miqrec.cli.output import compact_table, console, print_json
from miqrec.data.choices import OnUnknown
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    import polars as pl

Folder = Annotated[Path, typer.Argument(help="A run or a saved model.")]
Users = Annotated[
    list[str] | None,
    typer.Option("--user", help="A user of the data; repeat for more. Default: all."),
]
History = Annotated[
    list[str] | None,
    typer.Option("--history", help="An item of a history, oldest first; repeat for more."),
]
Length = Annotated[int, typer.Option("--k", "-k", help="How many items for each.")]
Out = Annotated[Path | None, typer.Option(help="Write to this .parquet, .csv or .jsonl file.")]
Unknown = Annotated[OnUnknown, typer.Option(help="What to do with items the model does not know.")]
UnknownUsers = Annotated[
    OnUnknown, typer.Option(help="What to do with users of whom the data has no interactions.")
]
Seen = Annotated[
    bool | None,
    typer.Option(
        "--exclude-seen/--no-exclude-seen", help="Items of the history; default: the model's."
    ),
]

Uncertain = Annotated[
    bool,
    typer.Option("--with-uncertainty", help="Say how likely each item is to be the next one."),
]

SHOWN = 50
"""Rows shown on a terminal; a file gets them all."""


def recommend(
    folder: Folder,
    data: OptionalData = None,
    user: Users = None,
    history: History = None,
    k: Length = 10,
    out: Out = None,
    exclude_seen: Seen = None,
    mix: Mix = None,
    temperature: Temperature = None,
    on_unknown: Unknown = "skip",
    unknown_users: UnknownUsers = "error",
    data_dir: DataDir = None,
    device: Device = None,
    with_uncertainty: Uncertain = False,
    json: Json = False,
) -> None:
    """Recommend to users of the data, all of them or those named, or after a history typed in.

    Examples: miqrec recommend runs/miq --user ann --k 5,
    miqrec recommend runs/miq --history heat --history ronin
    """
    from miqrec.cli.saved import for_use, load_with_data
    from miqrec.recommender import Recommender
    from miqrec.system.tables import check_writable, write_frame

    check_writable(out)
    folder = for_use(folder)
    if history:
        recommender, dataset = Recommender.load(folder, device=device), None
    else:
        recommender, dataset = load_with_data(folder, data, data_dir, device, served=True)
    frame = recommender.recommend(
        user,
        [history] if history else None,
        k=k,
        data=dataset,
        exclude_seen=exclude_seen,
        mix=mix,
        temperature=temperature,
        on_unknown=on_unknown,
        unknown_users=unknown_users,
        with_uncertainty=with_uncertainty,
    )
    if out:
        write_frame(frame, out)
        messages.print(f"{frame.height:,} rows in {out}")
    if json:
        print_json(frame.to_dicts())
    elif not out:
        _show(frame)


def _show(frame: "pl.DataFrame") -> None:
    table = compact_table()
    for name in frame.columns:  # what may be long takes more lines where there is no room
        table.add_column(name, no_wrap=name not in {"user", "item", "title"}, overflow="fold")
    for row in frame.head(SHOWN).iter_rows():
        table.add_row(
            *(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row)
        )
    if frame.height > SHOWN:
        table.caption = f"the first {SHOWN} of {frame.height:,} rows; --out FILE writes them all"
    console.print(table)
