"""`miqrec compare-lists`: what changes for users when new lists take the place of old ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miqrec.cli.options import Json
from miqrec.cli.output import compact_table, console, print_json
from miqrec.system.progress import print_error

if TYPE_CHECKING:
    from miqrec.monitoring import ListsCompared

Old = Annotated[
    Path, typer.Argument(help="The lists in use: a file, or a folder of Parquet files.")
]
New = Annotated[Path, typer.Argument(help="The lists that are to take their place.")]
Least = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="End with exit code 1 where less than this is kept: the mean FRBO over all users who had a "
        "list, in which one who lost it counts 0.",
    ),
]


def compare_lists(old: Old, new: New, fail_below: Least = None, json: Json = False) -> None:
    """Compare two sets of lists: who lost one, how alike they are, and which items come and go.

    Example: miqrec compare-lists recs/yesterday recs/today --fail-below 0.2
    """
    from miqrec.lists.reading import scan_lists
    from miqrec.monitoring import compare_lists as compare

    compared = compare(scan_lists(old), scan_lists(new))
    if json:
        print_json(compared.model_dump())
    else:
        _show(compared)
    if fail_below is not None and compared.kept < fail_below:
        print_error(
            f"{compared.kept:.3f} of the old lists is kept, which is below {fail_below}; look at the new "
            "lists before they are used"
        )
        raise typer.Exit(1)


def _show(compared: "ListsCompared") -> None:
    users = compared.users
    console.print(
        f"{users.old:,} users had a list, {users.new:,} have one: {users.lost:,} lost it, "
        f"{users.gained:,} gained one",
        f"{compared.kept:.3f} of the old lists is kept (mean FRBO, lost lists count 0); "
        f"{compared.identical:.1%} of the lists are the same",
        sep="\n",
    )
    console.print(_overlap_table(compared), _catalogue_table(compared), sep="\n")
    _name("appear", compared.n_appeared, compared.appeared)
    _name("disappear", compared.n_disappeared, compared.disappeared)
    console.print(f"shift of places between items (Jensen-Shannon): {compared.exposure_shift:.3f}")


def _overlap_table(compared: "ListsCompared") -> object:
    table = compact_table("overlap", "mean", *(f"{float(q):.0%}" for q in compared.frbo.quantiles))
    for name, spread in (("FRBO", compared.frbo), ("Jaccard", compared.jaccard)):
        values = [spread.mean, *spread.quantiles.values()]
        table.add_row(name, *(f"{value:.3f}" for value in values))
    return table


def _catalogue_table(compared: "ListsCompared") -> object:
    table = compact_table("", "old", "new")
    old, new = compared.old, compared.new
    table.add_row("items in any list", f"{old.items:,}", f"{new.items:,}")
    table.add_row("share of the items in either", f"{old.coverage:.3f}", f"{new.coverage:.3f}")
    table.add_row("Gini index", f"{old.gini:.3f}", f"{new.gini:.3f}")
    table.add_row("places of the top 10 items", f"{old.top10_share:.3f}", f"{new.top10_share:.3f}")
    answers = [
        "-" if share is None else f"{share:.3f}"
        for share in (old.popularity_answers, new.popularity_answers)
    ]
    table.add_row("users answered by popularity", *answers)
    return table


def _name(verb: str, count: int, items: tuple[str, ...]) -> None:
    if count:
        more = ", ..." if count > len(items) else ""
        console.print(f"{count:,} items {verb}: {', '.join(items)}{more}", markup=False)
