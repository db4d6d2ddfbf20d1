"""Command-line options read off the configs: a new setting of a model is an option at once."""

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from miqrec.config import Config
from miqrec.data.filters import Filters
from miqrec.models.registry import MODELS

Command = Callable[..., None]


def with_settings(training: type[Config], models: Iterable[str]) -> Callable[[Command], Command]:
    """Give a command, which takes them as `**values`, an option for every setting there is.

    Args:
        training: the config of what the command does.
        models: the names of the models that it does it to.
    """
    sources: dict[str, type[Config]] = {"training": training, "filters": Filters}
    sources |= {name: MODELS[name].config for name in models}
    fields: dict[str, dict[str, FieldInfo]] = {}  # by setting, then by who has it
    for source, config in sources.items():
        for name, field in config.model_fields.items():
            if name != "name":
                fields.setdefault(name, {})[source] = field
    return partial(_add, options=[_option(name, owners) for name, owners in fields.items()])


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The settings that were typed; the others are left to the configs' defaults."""
    return {name: value for name, value in values.items() if value is not None}


def _add(command: Command, options: Iterable[inspect.Parameter]) -> Command:
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    parameters = [*own, *options]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _option(name: str, owners: dict[str, FieldInfo]) -> inspect.Parameter:
    owner, field = next(iter(owners.items()))
    kinds = [kind for kind in get_args(field.annotation) if isinstance(kind, type)]
    kind = kinds[0] if kinds and type(None) in kinds else field.annotation
    option = typer.Option(
        help=f"{field.description} [dim]\\[default: {_defaults(owners)}][/dim]",
        rich_help_panel={"training": "Training", "filters": "Filters"}.get(owner, "Model"),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],  # type: ignore[operator]
    )


def _defaults(owners: dict[str, FieldInfo]) -> str:
    """One default, or each with the models that have it."""
    models: dict[str, list[str]] = {}
    for owner, field in owners.items():
        models.setdefault(str(field.default).lower(), []).append(owner)
    if len(models) == 1:
        return next(iter(models))
    return "; ".join(f"{default} for {', '.join(names)}" for default, names in models.items())
