"""`miqrec pretrain`: from interactions and attributes to weights that training starts from."""

from pathlib import Path
from typing import Annotated, Any

import typer

from miqrec.cli.options import CACHE, Data, DataDir, Device, Items, Json
from miqrec.cli.output import console, print_json
from miqrec.cli.settings import given, with_settings
from miqrec.runs.settings import pretrainable_models
from miqrec.system.progress import console as messages
from miqrec.training.pretraining.config import PretrainingConfig

Out = Annotated[
    Path, typer.Option(help="A folder for the weights; a pre-training stopped there goes on.")
]
ModelName = Annotated[str, typer.Option(help=f"One of {', '.join(pretrainable_models())}.")]


@with_settings(PretrainingConfig, pretrainable_models())
def pretrain(
    *,
    out: Out,
    data: Data,
    model: ModelName = "s3rec",
    items: Items = None,
    data_dir: DataDir = None,
    device: Device = None,
    json: Json = False,
    **values: Any,
) -> None:
    """Pre-train S3-Rec on masked prefixes of the training items; nothing held out is looked at.

    Example: miqrec pretrain --data lastfm --model s3rec --out runs/pretrained, and then
    miqrec train --data lastfm --model s3rec --init-from runs/pretrained --out runs/s3rec
    """
    from miqrec.data.counts import statistics
    from miqrec.data.open import DataConfig
    from miqrec.runs.plan import plan_pretraining
    from miqrec.runs.run import run_pretraining
    from miqrec.system.tables import read_frame
    from miqrec.training.hooks import Hooks

    source = DataConfig(source=data, items=str(items) if items else None)
    plan = plan_pretraining(source, model, given(values), data_dir=data_dir, cache=CACHE)
    dataset, config = plan.dataset, plan.config
    messages.print(f"{dataset.name}: {statistics(dataset, config.split)}", soft_wrap=True)
    try:
        run_pretraining(plan, out, Hooks(device=device))
    except KeyboardInterrupt:
        messages.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    last = read_frame(out / "history.csv").row(-1, named=True)
    if json:
        print_json({"run": str(out), "config": config.model_dump(mode="json"), "last": last})
        return
    losses = ", ".join(f"{name} {last[name]:.4f}" for name in last if name not in _NOT_LOSSES)
    console.print(f"epoch {last['epoch']}: {losses}; in {out}", soft_wrap=True)


_NOT_LOSSES = ("epoch", "seconds")
