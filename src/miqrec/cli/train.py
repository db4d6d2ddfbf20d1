"""`miqrec train`: from interactions to a run folder with a model and its scores."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from miqrec.cli.options import CACHE, DataDir, Device, Items, Json
from miqrec.cli.output import console, metrics_table, print_json
from miqrec.cli.recipes import Data, ModelName, RecipeName, read_recipe
from miqrec.cli.settings import given, typed, with_settings
from miqrec.errors import MiqrecError
from miqrec.models.registry import find_models
from miqrec.system.progress import console as messages
from miqrec.training.config import TrainingConfig

if TYPE_CHECKING:
    from miqrec.data.open import DataConfig
    from miqrec.runs.config import RunConfig
    from miqrec.runs.folder import Metrics
    from miqrec.runs.plan import Plan

Out = Annotated[Path, typer.Option(help="The run's folder; a run that was stopped there goes on.")]
InitFrom = Annotated[
    Path | None, typer.Option(help="Start from the pre-trained or trained model in this folder.")
]
Final = Annotated[
    bool, typer.Option("--final", help="Then fit on everything, held-out items too, for use.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run in --out, with its own settings.")
]


class Request(NamedTuple):
    """What is to be trained on what."""

    source: "DataConfig"
    model: str
    values: dict[str, Any]


@with_settings(TrainingConfig, find_models())
def train(
    *,
    out: Out,
    data: Data = None,
    model: ModelName = None,
    recipe: RecipeName = None,
    items: Items = None,
    data_dir: DataDir = None,
    init_from: InitFrom = None,
    final: Final = False,
    resume: Resume = False,
    device: Device = None,
    json: Json = False,
    **values: Any,
) -> None:
    """Train a model, choose its best epoch by validation, and evaluate it once on the test split.

    Example: miqrec train --data ml-1m --model miq-sasrec --window 10 --out runs/miq
    """
    from miqrec.runs.run import run
    from miqrec.training.hooks import Hooks

    if resume:
        others = {"data": data, "model": model, "recipe": recipe, "items": items}
        _refuse_beside_resume(typed(others | {"init_from": init_from} | values))
        plan = _plan_again(out, data_dir)
    else:
        basis = _recipe(recipe, init_from) if recipe else None
        request = _combine(basis, data, items, model)
        request = request._replace(values=request.values | given(values))
        plan = _plan(request, init_from, data_dir)
    _describe(plan)
    try:
        metrics = run(plan, out, Hooks(device=device), final=final)
    except KeyboardInterrupt:
        messages.print(f"stopped; `miqrec train --out {out} --resume` goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    _report(metrics, plan.config, out, as_json=json)


def _plan(request: Request, init_from: Path | None, data_dir: Path | None) -> "Plan":
    from miqrec.runs.plan import plan_run

    return plan_run(*request, init_from=init_from, data_dir=data_dir, cache=CACHE)


def _plan_again(out: Path, data_dir: Path | None) -> "Plan":
    from miqrec.runs.folder import read_run_config
    from miqrec.runs.plan import plan_again

    return plan_again(read_run_config(out), out, data_dir=data_dir, cache=CACHE)


def _describe(plan: "Plan") -> None:
    from miqrec.data.counts import statistics
    from miqrec.data.splitting import describe

    size = statistics(plan.dataset, plan.config.split)
    for line in (f"{plan.dataset.name}: {size}", describe(plan.splits)):
        messages.print(line, soft_wrap=True)


def _refuse_beside_resume(options: dict[str, Any]) -> None:
    if options:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in options)
        raise MiqrecError(
            f"a run that is resumed keeps its own settings, so {named} can't be given beside --resume; "
            "leave it out, or train anew with another --out"
        )


def _recipe(recipe: str, init_from: Path | None) -> Request:
    """Read a system of a study, as its table trains it."""
    study, system = read_recipe(recipe, init_from)
    return Request(study.source(), study.systems[system].model, dict(study.system_values(system)))


def _combine(
    basis: Request | None, data: str | None, items: Path | None, model: str | None
) -> Request:
    """Combine what was typed with the recipe; data that are typed bring columns of their own."""
    from miqrec.data.open import DataConfig

    if basis is None:
        if data is None:
            raise MiqrecError(
                "there is no data to train on: give --data PATH-OR-NAME, or a --recipe"
            )
        basis = Request(DataConfig(source=data), "miq-sasrec", {})
    source = DataConfig(source=data) if data else basis.source
    if items:
        source = DataConfig(**source.model_dump() | {"items": str(items)})
    return Request(source, model or basis.model, basis.values)


def _report(metrics: "Metrics", config: "RunConfig", out: Path, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"run": str(out), "config": config.model_dump(mode="json"), **metrics.model_dump()}
        )
        return
    rows = {"valid": metrics.valid, "test": metrics.test}
    epochs = f"best epoch {metrics.epochs}, " if metrics.epochs else ""
    caption = f"{epochs}{metrics.fit_seconds:.1f} s to fit; in {out}"
    console.print(metrics_table(config.model.name, rows, caption))
