"""`miqrec tune`: a search for good settings by validation alone."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from miqrec.cli.options import CACHE, DataDir, Items, Json
from miqrec.cli.output import console, print_json
from miqrec.cli.recipes import Data, ModelName, RecipeName, read_recipe
from miqrec.cli.settings import given, with_settings
from miqrec.data.dataset import Dataset
from miqrec.data.open import DataConfig
from miqrec.errors import MiqrecError
from miqrec.experiments.studies.plan import data_words, option_words
from miqrec.experiments.tuning.space import Dimension, TuningConfig, read_search
from miqrec.models.registry import find_models
from miqrec.runs.initial_weights import sizes
from miqrec.runs.plan import plan_run
from miqrec.runs.settings import Setting
from miqrec.system.progress import console as messages
from miqrec.training.config import TrainingConfig

if TYPE_CHECKING:
    from miqrec.experiments.tuning.tune import Found

TRIALS = 20

Space = Annotated[
    Path | None,
    typer.Option(
        help="A TOML file: under \\[search] a range as in dropout = {low = 0.1, high = 0.7}, with "
        "log = true if need be, or a list as in dim = \\[32, 64], for each setting to vary."
    ),
]
Out = Annotated[
    Path, typer.Option(help="Gets a folder for each trial; a search stopped there goes on.")
]
InitFrom = Annotated[
    Path | None,
    typer.Option(help="Start every trial from the pre-trained or trained model in this folder."),
]
Trials = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many in all, those before a stop and of other processes too; by default as many "
        f"as the recipe says, or {TRIALS}.",
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="A database URL of Optuna's, such as sqlite:///tune.db; processes that give the same "
        "one work together. By default a file in --out."
    ),
]


class Wanted(NamedTuple):
    """What is to be searched, and for what."""

    source: DataConfig
    model: str
    fixed: dict[str, Setting]  # the same in all trials
    space: dict[str, Dimension]
    trials: int


@with_settings(TrainingConfig, find_models())
def tune(
    *,
    out: Out,
    data: Data = None,
    model: ModelName = None,
    search: Space = None,
    recipe: RecipeName = None,
    trials: Trials = None,
    storage: Storage = None,
    init_from: InitFrom = None,
    items: Items = None,
    data_dir: DataDir = None,
    json: Json = False,
    **values: Any,
) -> None:
    """Search for the settings with the best validation NDCG@10; the test split is never looked at.

    Settings that are typed are the same in all trials.

    Example: miqrec tune --data ml-1m --model sasrec --search search.toml --epochs 50 --out runs/tune
    """
    from miqrec.experiments.tuning.tune import tune as search_settings  # brings Lightning

    if recipe:
        _refuse_beside_a_recipe(data, model, search, items)
        wanted = _recipe(recipe, init_from)
    else:
        wanted = _typed(data, items, model or "miq-sasrec", search)
    if both := given(values).keys() & wanted.space.keys():
        raise MiqrecError(f"{', '.join(sorted(both))}: either typed or searched, not both")
    if init_from:
        _check_sizes(wanted.model, wanted.space)
    wanted = wanted._replace(fixed=wanted.fixed | given(values))
    dataset, config = _planned(wanted, init_from, data_dir)
    try:
        found = search_settings(dataset, config, trials or wanted.trials, out, storage)
    except KeyboardInterrupt:
        messages.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    _report(found, _command(config, found.settings, out, init_from), as_json=json)


def _recipe(recipe: str, init_from: Path | None) -> Wanted:
    """Read a system's search; the values that an earlier search found are left out of its settings."""
    study, system = read_recipe(recipe, init_from)
    space = study.space(system)
    if not study.tuning or not space:
        raise MiqrecError(f"the recipe {recipe} has no search; give --data, --model and --search")
    values = study.system_values(system)
    fixed = {name: value for name, value in values.items() if name not in space}
    return Wanted(study.source(), study.systems[system].model, fixed, space, study.tuning.trials)


def _typed(data: str | None, items: Path | None, model: str, search: Path | None) -> Wanted:
    """Gather what the options say where there is no recipe."""
    if data is None or search is None:
        raise MiqrecError("give --data and --search, or a --recipe that has both")
    source = DataConfig(source=data, items=str(items) if items else None)
    return Wanted(source, model, {}, read_search(search, model), TRIALS)


def _refuse_beside_a_recipe(*options: object) -> None:
    if any(option is not None for option in options):
        raise MiqrecError(
            "a --recipe has data, a model and a search; type settings alone beside it"
        )


def _planned(
    wanted: Wanted, init_from: Path | None, data_dir: Path | None
) -> tuple[Dataset, TuningConfig]:
    plan = plan_run(
        *(wanted.source, wanted.model, wanted.fixed),
        init_from=init_from,
        data_dir=data_dir,
        cache=CACHE,
    )
    config = TuningConfig(
        data=plan.config.data,
        fingerprint=plan.config.fingerprint,
        model=wanted.model,
        settings=wanted.fixed,
        search=wanted.space,
        init_from=plan.config.init_from,
    )
    return plan.dataset, config


def _check_sizes(model: str, space: dict[str, Dimension]) -> None:
    """Weights have been made for their sizes, so a search must leave these alone."""
    if fixed := sizes(model) & space.keys():
        raise MiqrecError(
            f"{', '.join(sorted(fixed))}: given by --init-from, so not to be searched"
        )


def _command(
    config: TuningConfig, best: dict[str, Setting], out: Path, init_from: Path | None
) -> list[str]:
    """Write the command that trains with the best settings."""
    start = ("--init-from", str(init_from)) if init_from else ()
    words = (*data_words(config.data), "--model", config.model, *option_words(best), *start)
    return ["miqrec", "train", *words, "--out", str(out / "best")]


def _report(found: "Found", command: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({**found._asdict(), "command": command})
        return
    console.print(
        f"validation NDCG@10 {found.score:.4f} in trial {found.trial}, the best of {found.finished} "
        f"({found.pruned} more were given up early):",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"    {shlex.join(command)}", highlight=False, soft_wrap=True, markup=False)
