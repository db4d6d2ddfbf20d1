"""`miqrec tune`: a search for good settings by validation alone."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from miqrec.cli.options import CACHE, DataDir, Items, Json
from miqrec.cli.output import console, print_json
from miqrec.cli.recipes import Data, ModelName, RecipeName, read_recipe
from miqrec.cli.settings import given, with_settings
from miqrec.errors import MiqrecError
from miqrec.models.registry import find_models
from miqrec.runs.settings import Setting
from miqrec.system.progress import console as messages
from miqrec.training.config import TrainingConfig

if TYPE_CHECKING:
    from miqrec.data.dataset import Dataset
    from miqrec.data.open import DataConfig
    from miqrec.experiments.tuning.space import Dimension, TuningConfig
    from miqrec.experiments.tuning.tune import SearchResult

TRIALS = 20

Space = Annotated[
    Path | None,
    typer.Option(
        help="A TOML file with the settings to vary: under \\[search] each has a range, as in "
        "dropout = {low = 0.1, high = 0.7} (add log = true to draw magnitudes), or a list, as in "
        "dim = \\[32, 64]."
    ),
]
Out = Annotated[
    Path, typer.Option(help="The search's folder; a search that was stopped there goes on.")
]
InitFrom = Annotated[
    Path | None,
    typer.Option(help="Start every trial from the pre-trained or trained model in this folder."),
]
Trials = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="How many trials in all, with those before a stop and of other processes; by default as "
        f"many as the recipe says, or {TRIALS}.",
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="The URL of an Optuna database, such as sqlite:///tune.db; processes that give the same "
        "URL search together. By default a file in --out."
    ),
]


class Search(NamedTuple):
    """A search as it was asked for."""

    source: "DataConfig"
    model: str
    fixed: dict[str, Setting]  # settings that are the same in all trials
    space: dict[str, "Dimension"]
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
    """Search for the settings with the best validation NDCG@10; the test split is never read.

    Settings that are typed as options are the same in all trials.

    Example: miqrec tune --data ml-1m --model sasrec --search search.toml --epochs 50 --out runs/tune
    """
    from miqrec.experiments.tuning.tune import tune as search_settings  # brings Lightning

    if recipe:
        _refuse_beside_a_recipe(data, model, search, items)
        asked = _recipe(recipe, init_from)
    else:
        asked = _typed(data, items, model or "miq-sasrec", search)
    if both := given(values).keys() & asked.space.keys():
        raise MiqrecError(
            f"{', '.join(sorted(both))} can't be both typed and searched; leave out the option"
        )
    if init_from:
        _check_sizes(asked.model, asked.space)
    asked = asked._replace(fixed=asked.fixed | given(values))
    dataset, config = _open(asked, init_from, data_dir)
    try:
        result = search_settings(dataset, config, trials or asked.trials, out, storage)
    except KeyboardInterrupt:
        messages.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    _report(result, _command(config, result.settings, out, init_from), as_json=json)


def _recipe(recipe: str, init_from: Path | None) -> Search:
    """Read a system's search, without the values that an earlier search chose for it."""
    study, system = read_recipe(recipe, init_from)
    space = study.space(system)
    if not study.tuning or not space:
        raise MiqrecError(f"the recipe {recipe} has no search; give --data, --model and --search")
    values = study.system_values(system)
    fixed = {name: value for name, value in values.items() if name not in space}
    return Search(study.source(), study.systems[system].model, fixed, space, study.tuning.trials)


def _typed(data: str | None, items: Path | None, model: str, search: Path | None) -> Search:
    """Make a search of the options, without a recipe."""
    from miqrec.data.open import DataConfig
    from miqrec.experiments.tuning.space import read_search

    if data is None or search is None:
        raise MiqrecError("give --data and --search, or a --recipe that has both")
    source = DataConfig(source=data, items=str(items) if items else None)
    return Search(source, model, {}, read_search(search, model), TRIALS)


def _refuse_beside_a_recipe(*options: object) -> None:
    if any(option is not None for option in options):
        raise MiqrecError(
            "a --recipe has its own data, model and search; only settings can be typed beside it"
        )


def _open(
    search: Search, init_from: Path | None, data_dir: Path | None
) -> tuple["Dataset", "TuningConfig"]:
    from miqrec.experiments.tuning.space import TuningConfig
    from miqrec.runs.plan import plan_run

    plan = plan_run(
        *(search.source, search.model, search.fixed),
        init_from=init_from,
        data_dir=data_dir,
        cache=CACHE,
    )
    config = TuningConfig(
        data=plan.config.data,
        fingerprint=plan.config.fingerprint,
        model=search.model,
        settings=search.fixed,
        search=search.space,
        init_from=plan.config.init_from,
    )
    return plan.dataset, config


def _check_sizes(model: str, space: dict[str, "Dimension"]) -> None:
    """Check that a search leaves the sizes of the weights that it starts from as they are."""
    from miqrec.runs.initial_weights import sizes

    if fixed := sizes(model) & space.keys():
        raise MiqrecError(
            f"{', '.join(sorted(fixed))} can't be searched, since --init-from fixes the sizes"
        )


def _command(
    config: "TuningConfig", best: dict[str, Setting], out: Path, init_from: Path | None
) -> list[str]:
    """Write the command that trains with the best settings."""
    from miqrec.experiments.studies.plan import data_words, option_words

    start = ("--init-from", str(init_from)) if init_from else ()
    words = (*data_words(config.data), "--model", config.model, *option_words(best), *start)
    return ["miqrec", "train", *words, "--out", str(out / "best")]


def _report(result: "SearchResult", command: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({**result._asdict(), "command": command})
        return
    console.print(
        f"Trial {result.trial} has the best validation NDCG@10, {result.score:.4f}, of {result.finished} "
        f"({result.pruned} more were given up early). To train with its settings:",
        soft_wrap=True,
    )
    console.print(f"    {shlex.join(command)}", soft_wrap=True)
