"""`miqrec tune`: a search for good settings by validation alone."""

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from miqrec.cli.options import CACHE, Data, DataDir, Item, Items, Json, Time, User
from miqrec.cli.output import console, print_json
from miqrec.cli.settings import given, with_settings
from miqrec.data.columns import Columns
from miqrec.data.source import DataConfig, open_source
from miqrec.errors import MiqrecError
from miqrec.experiments.plan import data_words, option_words
from miqrec.experiments.search import Dimension, read_search
from miqrec.experiments.study import Setting
from miqrec.experiments.tune import Found, TuningConfig
from miqrec.experiments.tune import tune as search_settings
from miqrec.initial import FREE, initial_weights
from miqrec.models.build import MODELS
from miqrec.progress import console as messages
from miqrec.settings import settings
from miqrec.training.config import TrainingConfig

Space = Annotated[
    Path,
    typer.Option(
        help="A TOML file: under \\[search] a range as in dropout = {low = 0.1, high = 0.7}, with "
        "log = true if need be, or a list as in dim = \\[32, 64], for each setting to vary."
    ),
]
Out = Annotated[
    Path, typer.Option(help="Gets a folder for each trial; a search stopped there goes on.")
]
ModelName = Annotated[str, typer.Option(help=f"One of {', '.join(MODELS)}.")]
InitFrom = Annotated[
    Path | None,
    typer.Option(help="Start every trial from what `miqrec pretrain --out` left in this folder."),
]
Trials = Annotated[
    int,
    typer.Option(min=1, help="How many in all, those before a stop and of other processes too."),
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="A database URL of Optuna's, such as sqlite:///tune.db; processes that give the same "
        "one work together. By default a file in --out."
    ),
]


@with_settings(TrainingConfig, MODELS)
def tune(
    *,
    search: Space,
    out: Out,
    data: Data,
    model: ModelName = "miq-sasrec",
    trials: Trials = 20,
    storage: Storage = None,
    init_from: InitFrom = None,
    user: User = None,
    item: Item = None,
    time: Time = None,
    items: Items = None,
    data_dir: DataDir = None,
    json: Json = False,
    **values: Any,
) -> None:
    """Search for the settings with the best validation NDCG@10; the test split is never looked at.

    Settings that are typed are the same in all trials.

    Example: miqrec tune --data ml-1m --model sasrec --search search.toml --epochs 50 --out runs/tune
    """
    fixed, space = given(values), read_search(search, model)
    if both := fixed.keys() & space.keys():
        raise MiqrecError(f"{', '.join(sorted(both))}: either typed or searched, not both")
    if init_from:
        _check_sizes(model, space)
    fixed_model, _, filters = settings(model, **fixed)
    source = DataConfig(
        source=data,
        columns=Columns(user=user, item=item, time=time),
        filters=filters,
        items=str(items) if items else None,
    )
    dataset = open_source(data, source, source.items, data_dir=data_dir, cache=CACHE)
    config = TuningConfig(
        data=source,
        fingerprint=dataset.fingerprint,
        model=model,
        settings=fixed,
        search=space,
        init_from=initial_weights(init_from, fixed_model, dataset) if init_from else None,
    )
    try:
        found = search_settings(dataset, config, trials, out, storage)
    except KeyboardInterrupt:
        messages.print("stopped; the same command goes on", soft_wrap=True)
        raise typer.Exit(130) from None
    _report(found, _command(config, found.settings, out, init_from), as_json=json)


def _check_sizes(model: str, space: dict[str, Dimension]) -> None:
    """Weights have been made for their sizes, so a search must leave these alone."""
    if sizes := (MODELS[model].config.model_fields.keys() - FREE) & space.keys():
        raise MiqrecError(
            f"{', '.join(sorted(sizes))}: given by --init-from, so not to be searched"
        )


def _command(
    config: TuningConfig, best: dict[str, Setting], out: Path, init_from: Path | None
) -> list[str]:
    """What trains with the best settings."""
    start = ("--init-from", str(init_from)) if init_from else ()
    words = (*data_words(config.data), "--model", config.model, *option_words(best), *start)
    return ["miqrec", "train", *words, "--out", str(out / "best")]


def _report(found: Found, command: list[str], *, as_json: bool) -> None:
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
