"""`miqrec evaluate`: the scores of a saved model on held-out items."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.groups import with_groups
from miqrec.cli.options import Json, Mix, Part, Source, Temperature
from miqrec.cli.output import compact_table, console, metrics_table, print_json
from miqrec.data.split_config import Held

Folder = Annotated[Path, typer.Argument(help="A run or a saved model.")]


Lists = Annotated[
    bool,
    typer.Option(
        "--lists",
        help="Score a list a user instead: recall with all that was held out, coverage, novelty, diversity.",
    ),
]
Length = Annotated[int, typer.Option("--k", "-k", help="How long the lists are.")]


@with_groups
def evaluate(
    folder: Folder,
    *,
    source: Source,
    part: Part = "test",
    lists: Lists = False,
    k: Length = 10,
    mix: Mix = None,
    temperature: Temperature = None,
    json: Json = False,
) -> None:
    """Rank each user's held-out item among all items, and print HR, NDCG and MRR.

    A model that was fitted on everything is asked for what --data have later than its training.

    Examples: miqrec evaluate runs/miq --data ml-1m,
    miqrec evaluate runs/shop/final --data next-week.csv
    """
    from miqrec.cli.saved import load_with_data
    from miqrec.evaluation.metrics import summary

    recommender, dataset = load_with_data(folder, source)
    if lists:
        _report_lists(
            recommender.evaluate_lists(part, k=k, data=dataset, mix=mix, temperature=temperature),
            part,
            as_json=json,
        )
        return
    frame = recommender.ranks(part, data=dataset, mix=mix, temperature=temperature)
    metrics = summary(frame["rank"].to_torch())
    if json:
        counts = {"n_users": frame["user"].n_unique(), "questions": frame.height}
        counts["seen_targets"] = int(frame["seen"].sum())
        counts["unknown_targets"] = int((frame["target"] == 0).sum())
        print_json({"split": part, **counts, **metrics})
        return
    name = recommender.artifact.config.model.name
    caption = f"{frame.height:,} held-out items of {frame['user'].n_unique():,} users"
    console.print(metrics_table(name, {part: metrics}, caption))


def _report_lists(scores: dict[str, float], part: Held, *, as_json: bool) -> None:
    if as_json:
        print_json({"split": part, **scores})
        return
    table = compact_table("", part)
    for name, score in scores.items():
        table.add_row(name, f"{score:.4f}")
    console.print(table)
