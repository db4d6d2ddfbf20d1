"""`miqrec recommend`: lists for users of a data set, or after a history that is typed in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from miqrec.cli.excluded import exclusion
from miqrec.cli.options import DataDir, Device, Json, Mix, NewItems, OptionalData, Temperature
from miqrec.cli.output import compact_table, console, print_json
from miqrec.data.choices import OnUnknown
from miqrec.errors import MiqrecError
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    import polars as pl

    from miqrec.data.dataset import Dataset
    from miqrec.lists import ListOptions, Written

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
Everybody = Annotated[
    bool, typer.Option("--all-users", help="Everybody in the data; so it is where nobody is named.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Write to this .parquet, .csv or .jsonl file, or to this folder, which gets Parquet files. "
        "The same command goes on with what was stopped."
    ),
]
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
Kinds = Annotated[
    str | None,
    typer.Option(
        "--exclude-kinds",
        help="Leave out only the items of these kinds of event, such as 'cart, purchase'.",
    ),
]
HistoryKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--history-kind", help="The kind of event of each --history, where kinds are excluded."
    ),
]

Uncertain = Annotated[
    bool,
    typer.Option("--with-uncertainty", help="Say how likely each item is to be the next one."),
]

Index = Annotated[
    bool,
    typer.Option(
        "--index",
        help="Have an approximate index propose the items of a large catalogue, and say how many of the "
        "exact lists it finds.",
    ),
]

SHOWN = 50
"""Rows shown on a terminal; a file gets them all."""


class Whom(TypedDict):
    """Whom to recommend to."""

    users: list[str] | None
    histories: list[list[str]] | None
    data: "Dataset | None"


def recommend(
    folder: Folder,
    data: OptionalData = None,
    new_items: NewItems = None,
    user: Users = None,
    history: History = None,
    all_users: Everybody = False,
    history_kind: HistoryKinds = None,
    k: Length = 10,
    out: Out = None,
    exclude_seen: Seen = None,
    exclude_kinds: Kinds = None,
    mix: Mix = None,
    temperature: Temperature = None,
    on_unknown: Unknown = "skip",
    unknown_users: UnknownUsers = "error",
    data_dir: DataDir = None,
    device: Device = None,
    with_uncertainty: Uncertain = False,
    index: Index = False,
    json: Json = False,
) -> None:
    """Recommend to users of the data, all of them or those named, or after a history typed in.

    Examples: miqrec recommend runs/miq --user ann --k 5,
    miqrec recommend runs/miq --history heat --history ronin,
    miqrec recommend runs/miq --data log.parquet --all-users --out recs/
    """
    from miqrec.cli.saved import load_with_data
    from miqrec.recommender import Recommender
    from miqrec.runs.artifact import for_use

    _check(user, history, all_users, out)
    excluded = exclusion(exclude_seen, exclude_kinds)
    folder = for_use(folder)
    if history:
        recommender, dataset = Recommender.load(folder, device=device), None
    else:
        recommender, dataset = load_with_data(folder, data, data_dir, device, served=True)
    if new_items:
        recommender = recommender.with_new_items(new_items)
    whom: Whom = {"users": user, "histories": [history] if history else None, "data": dataset}
    options: ListOptions = {
        "k": k,
        "kinds": [history_kind] if history_kind else None,
        "exclude_seen": excluded,
        "mix": mix,
        "temperature": temperature,
        "on_unknown": on_unknown,
        "unknown_users": unknown_users,
        "with_uncertainty": with_uncertainty,
        "index": index,
    }
    if out:
        _report(recommender.recommend_to(out, **whom, **options), out, json)
    elif json:
        print_json(recommender.recommend(**whom, **options).to_dicts())
    else:
        _show(recommender.recommend(**whom, **options))


def _check(
    user: list[str] | None, history: list[str] | None, everybody: bool, out: Path | None
) -> None:
    """Refuse what contradicts itself, before anything is loaded.

    Raises:
        MiqrecError: everybody is asked for and somebody is named, or `out` can't be written.
    """
    from miqrec.lists.writing import check_out

    if everybody and (user or history):
        raise MiqrecError("--all-users means everybody; leave it out, or --user and --history")
    if out:
        check_out(out)


def _report(written: "Written", out: Path, json: bool) -> None:
    if json:
        print_json(written._asdict() | {"out": str(out)})
        return
    resumed = f"; {written.resumed} parts had been made before" if written.resumed else ""
    messages.print(f"{written.rows:,} rows for {written.users:,} users in {out}{resumed}")


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
