"""`miqrec evaluate`: the scores of a saved model on held-out items."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from miqrec.cli.options import DataDir, Json, OptionalData
from miqrec.cli.output import console, metrics_table, print_json
from miqrec.cli.saved import load_with_data
from miqrec.evaluation.metrics import summary

Folder = Annotated[Path, typer.Argument(help="A run or a saved model.")]
Split = Annotated[Literal["valid", "test"], typer.Option(help="Which held-out items.")]


def evaluate(
    folder: Folder,
    data: OptionalData = None,
    split: Split = "test",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Rank each user's held-out item among all items, and print HR, NDCG and MRR.

    Example: miqrec evaluate runs/miq --data ml-1m
    """
    recommender, dataset = load_with_data(folder, data, data_dir)
    ranks = recommender.ranks(split, data=dataset)["rank"]
    metrics = summary(ranks.to_torch())
    if json:
        print_json({"split": split, "n_users": len(ranks), **metrics})
        return
    name = recommender.artifact.config.model.name
    console.print(metrics_table(name, {split: metrics}, f"{len(ranks):,} users"))
