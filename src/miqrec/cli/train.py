"""`miqrec train`: from interactions to a run folder with a model and its scores."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from miqrec.cli.options import CACHE, DataDir, Item, Items, Json, Kind, Session, Time, User
from miqrec.cli.output import console, metrics_table, print_json
from miqrec.cli.recipes import Data, ModelName, RecipeName, read_recipe
from miqrec.cli.settings import given, with_settings
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig, open_dataset, resolve
from miqrec.data.reading.columns import Columns
from miqrec.data.statistics import statistics
from miqrec.errors import MiqrecError
from miqrec.models.registry import find_models
from miqrec.runs.config import RunConfig
from miqrec.runs.folder import Metrics, read_run_config, run, run_final
from miqrec.runs.initial_weights import initial_weights
from miqrec.runs.settings import settings
from miqrec.system.progress import console as messages
from miqrec.training.config import TrainingConfig

Out = Annotated[Path, typer.Option(help="The run's folder; a run that was stopped there goes on.")]
InitFrom = Annotated[
    Path | None, typer.Option(help="Start from what `miqrec pretrain --out` left in this folder.")
]
Final = Annotated[
    bool, typer.Option("--final", help="Then fit on everything, held-out items too, for use.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run in --out, with its own settings.")
]


class Wanted(NamedTuple):
    """What is to be trained on what."""

    data: str
    model: str
    values: dict[str, Any]


@with_settings(TrainingConfig, find_models())
def train(
    *,
    out: Out,
    data: Data = None,
    model: ModelName = None,
    recipe: RecipeName = None,
    user: User = None,
    item: Item = None,
    time: Time = None,
    kind: Kind = None,
    session: Session = None,
    items: Items = None,
    data_dir: DataDir = None,
    init_from: InitFrom = None,
    final: Final = False,
    resume: Resume = False,
    json: Json = False,
    **values: Any,
) -> None:
    """Train a model, choose its best epoch by validation, and evaluate it once on the test split.

    Example: miqrec train --data ml-1m --model miq-sasrec --window 10 --out runs/miq
    """
    columns = Columns(user=user, item=item, time=time, kind=kind, session=session)
    if resume:
        dataset, config = _resumed(out, data_dir)
    else:
        basis = _recipe(recipe, init_from) if recipe else None
        wanted = _wanted(basis, data, model, given(values))
        source = DataConfig(
            source=wanted.data, columns=columns, items=str(items) if items else None
        )
        dataset, config = _planned(source, wanted, data_dir)
    if init_from:
        initial = initial_weights(init_from, config.model, dataset)
        config = config.model_copy(update={"init_from": initial})
    messages.print(f"{dataset.name}: {statistics(dataset)}", highlight=False, soft_wrap=True)
    try:
        metrics = run(dataset, config, out)
        if final:
            run_final(dataset, config, out)
    except KeyboardInterrupt:
        messages.print(f"stopped; `miqrec train --out {out} --resume` goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    _report(metrics, config, out, as_json=json)


def _recipe(recipe: str, init_from: Path | None) -> Wanted:
    """A system of a study, as a table trains it."""
    study, system = read_recipe(recipe, init_from)
    return Wanted(study.data, study.systems[system].model, dict(study.system_values(system)))


def _wanted(
    basis: Wanted | None, data: str | None, model: str | None, values: dict[str, Any]
) -> Wanted:
    """What was typed, and the recipe's word on the rest."""
    if basis:
        return Wanted(data or basis.data, model or basis.model, basis.values | values)
    if data is None:
        raise MiqrecError("there is no data to train on: give --data PATH-OR-NAME, or a --recipe")
    return Wanted(data, model or "miq-sasrec", values)


def _planned(
    source: DataConfig, wanted: Wanted, data_dir: Path | None
) -> tuple[Dataset, RunConfig]:
    chosen = settings(wanted.model, **wanted.values)
    source = source.model_copy(update={"filters": chosen.filters})
    source = resolve(source, data_dir=data_dir)
    dataset = open_dataset(source, data_dir=data_dir, cache=CACHE)
    config = RunConfig(
        data=source,
        fingerprint=dataset.fingerprint,
        model=chosen.model,
        training=chosen.training,
    )
    return dataset, config


def _resumed(out: Path, data_dir: Path | None) -> tuple[Dataset, RunConfig]:
    config = read_run_config(out)
    source = config.data
    dataset = open_dataset(source, data_dir=data_dir, cache=CACHE)
    if dataset.fingerprint != config.fingerprint:
        raise MiqrecError(
            f"{source.source} has changed since the run in {out} was started; "
            "train anew with another --out"
        )
    return dataset, config


def _report(metrics: Metrics, config: RunConfig, out: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"run": str(out), "config": config.model_dump(mode="json"), **metrics.model_dump()}
        )
        return
    rows = {"valid": metrics.valid, "test": metrics.test}
    epochs = f"best epoch {metrics.epochs}, " if metrics.epochs else ""
    caption = f"{epochs}{metrics.fit_seconds:.1f} s to fit; in {out}"
    console.print(metrics_table(config.model.name, rows, caption))
