"""`miqrec pretrain`: from interactions and attributes to weights that training starts from."""

from pathlib import Path
from typing import Annotated, Any

import typer

from miqrec.cli.options import CACHE, Data, DataDir, Item, Items, Json, Kind, Session, Time, User
from miqrec.cli.output import console, print_json
from miqrec.cli.settings import given, with_settings
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset, resolve
from miqrec.data.reading.columns import Columns
from miqrec.data.statistics import statistics
from miqrec.runs.config import PretrainingRunConfig
from miqrec.runs.folder import run_pretraining
from miqrec.runs.settings import pretrainable_models, pretraining_settings
from miqrec.system.progress import console as messages
from miqrec.system.tables import read_frame
from miqrec.training.pretraining.attributes import attributes_fingerprint
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
    user: User = None,
    item: Item = None,
    time: Time = None,
    kind: Kind = None,
    session: Session = None,
    items: Items = None,
    data_dir: DataDir = None,
    json: Json = False,
    **values: Any,
) -> None:
    """Pre-train S3-Rec on masked prefixes of the training items; nothing held out is looked at.

    Example: miqrec pretrain --data lastfm --model s3rec --out runs/pretrained, and then
    miqrec train --data lastfm --model s3rec --init-from runs/pretrained --out runs/s3rec
    """
    columns = Columns(user=user, item=item, time=time, kind=kind, session=session)
    source = DataConfig(source=data, columns=columns, items=str(items) if items else None)
    dataset, config = _planned(source, model, given(values), data_dir)
    messages.print(f"{dataset.name}: {statistics(dataset)}", highlight=False, soft_wrap=True)
    try:
        run_pretraining(dataset, config, out)
    except KeyboardInterrupt:
        messages.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    last = read_frame(out / "history.csv").row(-1, named=True)
    if json:
        print_json({"run": str(out), "config": config.model_dump(mode="json"), "last": last})
        return
    losses = ", ".join(f"{name} {last[name]:.4f}" for name in last if name not in _NOT_LOSSES)
    console.print(f"epoch {last['epoch']}: {losses}; in {out}", soft_wrap=True, highlight=False)


_NOT_LOSSES = ("epoch", "seconds")


def _planned(
    source: DataConfig, model: str, values: dict[str, Any], data_dir: Path | None
) -> tuple[Dataset, PretrainingRunConfig]:
    chosen = pretraining_settings(model, **values)
    source = source.model_copy(update={"filters": chosen.filters})
    source = resolve(source, data_dir=data_dir)
    dataset = open_dataset(source, data_dir=data_dir, cache=CACHE)
    config = PretrainingRunConfig(
        data=source,
        fingerprint=dataset.fingerprint,
        attributes=attributes_fingerprint(dataset.catalogue),
        model=chosen.model,
        pretraining=chosen.pretraining,
    )
    return dataset, config
