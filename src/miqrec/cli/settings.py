"""Command-line options read off the configs: a new setting of a model is an option at once."""

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from miqrec.config import Config
from miqrec.data.interactions import Filters
from miqrec.models.build import MODELS

Command = Callable[..., None]


def with_settings(training: type[Config], models: Iterable[str]) -> Callable[[Command], Command]:
    """Give a command, which takes them as `**values`, an option for every setting there is.

    Args:
        training: the config of what the command does.
        models: the names of the models that it does it to.
    """
    panels: dict[str, type[Config]] = {"Training": training, "Filters": Filters}
    for name in models:
        panels[f"Model {name}"] = MODELS[name].config
    options: dict[str, inspect.Parameter] = {}
    for panel, config in panels.items():
        for name, field in config.model_fields.items():
            if name != "name" and name not in options:
                options[name] = _option(name, field, panel.split()[0])
    return partial(_add, options=options.values())


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


def _option(name: str, field: FieldInfo, panel: str) -> inspect.Parameter:
    kinds = [kind for kind in get_args(field.annotation) if isinstance(kind, type)]
    kind = kinds[0] if kinds and type(None) in kinds else field.annotation
    shown = "" if field.default is None else f" [dim]\\[default: {field.default}][/dim]"
    option = typer.Option(help=f"{field.description or ''}{shown}", rich_help_panel=panel)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],  # type: ignore[operator]
    )
