"""`miqrec recommend`: lists for users of a data set, or after a history that is typed in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miqrec.cli.excluded import exclusion
from miqrec.cli.groups import with_groups
from miqrec.cli.options import Json, Mix, NewItems, Source, Temperature
from miqrec.cli.output import compact_table, console, print_json
from miqrec.config import Config
from miqrec.data.choices import OnUnknown
from miqrec.errors import MiqrecError
from miqrec.system.progress import console as messages

if TYPE_CHECKING:
    import polars as pl

    from miqrec.data.dataset import Dataset
    from miqrec.lists import Written
    from miqrec.recommender import Recommender

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


class Whom(Config):
    """Whom to recommend to."""

    user: Users = None
    history: History = None
    all_users: Everybody = False
    history_kind: HistoryKinds = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `Recommender.recommend` that say so.

        Raises:
            MiqrecError: everybody is asked for and somebody is named.
        """
        if self.all_users and (self.user or self.history):
            raise MiqrecError("--all-users means everybody; leave it out, or --user and --history")
        return {
            "users": self.user,
            "histories": [self.history] if self.history else None,
            "kinds": [self.history_kind] if self.history_kind else None,
        }


class How(Config):
    """How the lists are made."""

    k: Length = 10
    exclude_seen: Seen = None
    exclude_kinds: Kinds = None
    mix: Mix = None
    temperature: Temperature = None
    on_unknown: Unknown = "skip"
    unknown_users: UnknownUsers = "error"
    with_uncertainty: Uncertain = False
    index: Index = False

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `Recommender.recommend` that say so.

        Raises:
            MiqrecError: seen items are left out in two ways.
        """
        arguments = self.model_dump()
        kinds = arguments.pop("exclude_kinds")
        return arguments | {"exclude_seen": exclusion(self.exclude_seen, kinds)}


@with_groups
def recommend(
    folder: Folder,
    *,
    source: Source,
    whom: Whom,
    how: How,
    new_items: NewItems = None,
    out: Out = None,
    json: Json = False,
) -> None:
    """Recommend to users of the data, all of them or those named, or after a history typed in.

    Examples: miqrec recommend runs/miq --user ann --k 5,
    miqrec recommend runs/miq --history heat --history ronin,
    miqrec recommend runs/miq --data log.parquet --all-users --out recs/
    """
    from miqrec.lists.writing import check_out

    arguments = whom.arguments()
    if out:
        check_out(out)
    arguments |= how.arguments()
    recommender, arguments["data"] = _load(folder, source, is_typed=bool(whom.history))
    if new_items:
        recommender = recommender.with_new_items(new_items)
    if out:
        _report(recommender.recommend_to(out, **arguments), out, json)
    elif json:
        print_json(recommender.recommend(**arguments).to_dicts())
    else:
        _show(recommender.recommend(**arguments))


def _load(folder: Path, source: Source, *, is_typed: bool) -> "tuple[Recommender, Dataset | None]":
    """Load the model, and the data unless a history is typed in."""
    from miqrec.cli.saved import load_with_data
    from miqrec.recommender import Recommender
    from miqrec.runs.artifact import for_use

    folder = for_use(folder)
    if is_typed:
        return Recommender.load(folder, device=source.device), None
    return load_with_data(folder, source, served=True)


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
