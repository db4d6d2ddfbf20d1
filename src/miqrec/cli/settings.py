"""Command-line options read off the configs: a new setting of a model is an option at once."""

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo
from rich.markup import escape

from miqrec.cli.excluded import exclusion
from miqrec.config import Config
from miqrec.data.filters import Filters
from miqrec.data.reading.columns import Columns
from miqrec.data.split_config import SplitConfig
from miqrec.evaluation.inference import InferenceConfig
from miqrec.models.registry import find_model
from miqrec.training.config import TrainingConfig

NO_OPTIONS = ("name", "temperature")
"""What an option of its own says, and what is chosen once a model has been trained."""

NAMES = tuple[str, ...]

EXCLUDE_KINDS = "exclude_kinds"
_EXCLUDED_KINDS = FieldInfo(
    annotation=str | None,
    default=None,
    description="Leave out of lists only the items of these kinds of event, such as 'cart, purchase'.",
)
"""The option beside --exclude-seen that gives the same setting names instead of yes or no."""

Command = Callable[..., None]
Owners = dict[str, FieldInfo]
"""The fields of one name, by the training, the filters or the model that has them."""

PANELS = {
    "columns": "Columns",
    "filters": "Filters",
    "split": "Split",
    "training": "Training",
    "inference": "Use",
}
"""The headings of the help page, by where a setting stands; the others are a model's."""


def with_settings(training: type[Config], models: Iterable[str]) -> Callable[[Command], Command]:
    """Give a command, which takes them as `**values`, an option for every setting there is.

    Args:
        training: the config of what the command does.
        models: the names of the models that it does it to.
    """
    sources: dict[str, type[Config]] = {
        "columns": Columns,
        "filters": Filters,
        "split": SplitConfig,
        "training": training,
    }
    if training is TrainingConfig:
        sources["inference"] = InferenceConfig
    sources |= {name: find_model(name).config for name in models}
    fields: dict[str, Owners] = {}
    for source, config in sources.items():
        for name, field in config.model_fields.items():
            if name not in NO_OPTIONS and _can_be_typed(_as_typed(field.annotation)):
                fields.setdefault(name, {})[source] = field
    if "inference" in sources:
        fields[EXCLUDE_KINDS] = {"inference": _EXCLUDED_KINDS}
    return partial(_add, fields=fields)


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """Keep the options that were typed."""
    return {name: value for name, value in values.items() if value is not None}


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Keep the settings that were typed; the configs' defaults stand for the others.

    Raises:
        MiqrecError: Seen items are to be left out in two ways.
    """
    settings = typed(values)
    kinds = settings.pop(EXCLUDE_KINDS, None)
    if kinds is not None:
        settings["exclude_seen"] = exclusion(settings.get("exclude_seen"), kinds)
    return settings


def _add(command: Command, fields: dict[str, Owners]) -> Command:
    own = {
        name: parameter
        for name, parameter in inspect.signature(command, eval_str=True).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    options = [_option(name, owners) for name, owners in fields.items() if name not in own]
    parameters = [*own.values(), *options]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _option(name: str, owners: Owners) -> inspect.Parameter:
    owner = next(iter(owners))
    kind = _kind([_as_typed(field.annotation) for field in owners.values()])
    option = typer.Option(
        help=f"{escape(_description(owners))} [dim]\\[default: {escape(_defaults(owners))}][/dim]",
        rich_help_panel=PANELS.get(owner, "Model"),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _can_be_typed(kind: Any) -> bool:
    return kind in (bool, int, float, str) or get_origin(kind) is Literal


def _kind(kinds: list[Any]) -> Any:
    """Choose the type of an option, where models give the setting these types."""
    if all(kind == kinds[0] for kind in kinds):
        return kinds[0]
    if all(get_origin(kind) is Literal for kind in kinds):
        return Literal[tuple(dict.fromkeys(word for kind in kinds for word in get_args(kind)))]
    return str  # which each model's config reads as its own kind


def _as_typed(annotation: Any) -> Any:
    """Turn a setting's type into an option's: `int | None` is int, and names with commas between are str.

    A choice between a bool and names has an option for each.
    """
    kinds = [annotation]
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    if kinds == [NAMES]:
        return str
    if kinds == [bool, NAMES]:
        return bool
    return kinds[0] if len(kinds) == 1 else annotation


def _description(owners: Owners) -> str:
    """One description, or each behind the models that have it; a model may leave it to the others."""
    texts = {owner: field.description for owner, field in owners.items()}
    models = _grouped({owner: text for owner, text in texts.items() if text})
    if len(models) <= 1:
        return next(iter(models), "")
    return " ".join(f"{', '.join(names)}: {text}" for text, names in models.items())


def _defaults(owners: Owners) -> str:
    """One default, or each with the models that have it."""
    models = _grouped({owner: str(field.default).lower() for owner, field in owners.items()})
    if len(models) == 1:
        return next(iter(models))
    return "; ".join(f"{default} for {', '.join(names)}" for default, names in models.items())


def _grouped(texts: dict[str, str]) -> dict[str, list[str]]:
    """Group the owners by the text that they have in common."""
    owners: dict[str, list[str]] = {}
    for owner, text in texts.items():
        owners.setdefault(text, []).append(owner)
    return owners
