"""`miqrec update`: a model that goes on training on what happened since."""

from pathlib import Path
from typing import Annotated

import typer

from miqrec.cli.options import CACHE, DataDir, Device, Items, Json, NewItems
from miqrec.cli.output import print_json
from miqrec.cli.settings import typed
from miqrec.system.progress import console as messages

Folder = Annotated[
    Path, typer.Argument(help="A model that was fitted on everything, or a run with one.")
]
Data = Annotated[
    str | None,
    typer.Option(
        help="The log that goes on, with what came before; by default what the model was trained on."
    ),
]
Out = Annotated[Path, typer.Option(help="The updated model's folder; it may be the model's own.")]
Epochs = Annotated[
    int | None,
    typer.Option(min=1, help="Passes over what is new and what is learned again. Default: 2."),
]
Replay = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="How many of the newest old interactions are learned again for each new one. Default: 40.",
    ),
]
Rate = Annotated[
    float | None, typer.Option(help="The learning rate. Default: that of the training.")
]


def update(
    folder: Folder,
    out: Out,
    data: Data = None,
    items: Items = None,
    new_items: NewItems = None,
    epochs: Epochs = None,
    replay: Replay = None,
    learning_rate: Rate = None,
    data_dir: DataDir = None,
    device: Device = None,
    json: Json = False,
) -> None:
    """Go on training a model on what happened since, with new users and items, without starting over.

    Example: miqrec update runs/shop --data shop/log --out models/tonight
    """
    from miqrec.recommender import Recommender
    from miqrec.runs.artifact import for_use
    from miqrec.runs.update import update as go_on
    from miqrec.runs.update_config import open_log, read_update
    from miqrec.training.hooks import Hooks

    values = {"epochs": epochs, "replay": replay, "learning_rate": learning_rate}
    config = read_update(typed(values))
    artifact = Recommender.load(for_use(folder), device=device).artifact
    log, about = open_log(artifact, data, items, data_dir=data_dir, cache=CACHE)
    updated = go_on(artifact, log, about, config, Hooks(logger=False, device=device))
    model = Recommender(updated.artifact)
    if new_items:
        model = model.with_new_items(new_items)
    model.save(out)
    until = updated.artifact.config.trained_until
    if json:
        print_json({"model": str(out), "trained_until": until, **updated.counts()})
        return
    messages.print(
        f"{updated.n_new:,} new interactions up to {until}, {updated.n_items:,} new items; trained on them "
        f"and on {updated.n_replayed:,} old interactions; in {out}",
        soft_wrap=True,
    )
