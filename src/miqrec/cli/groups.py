"""Options that belong together are one argument of their command."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from miqrec.config import Config

Command = Callable[..., None]


def with_groups(command: Command) -> Command:
    """Give a command an option for each field of the configs that it takes, and hand it these whole.

    Example:
        class Source(Config):
            data: Annotated[str | None, typer.Option(help="The interactions.")] = None

        @with_groups
        def recommend(folder: Path, *, source: Source) -> None: ...   # takes --data
    """
    own = inspect.signature(command, eval_str=True).parameters
    groups = {name: each.annotation for name, each in own.items() if _is_group(each.annotation)}

    @wraps(command)
    def spread(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field: values.pop(field) for field in group.model_fields})
        command(**values)

    parameters = [
        option
        for name, each in own.items()
        for option in (_options(groups[name]) if name in groups else [each])
    ]
    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Config)


def _options(group: type[Config]) -> Iterable[inspect.Parameter]:
    """Make a parameter of each field."""
    for name, annotation in inspect.get_annotations(group, eval_str=True).items():
        field = group.model_fields[name]
        option = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        yield option if field.is_required() else option.replace(default=field.default)
