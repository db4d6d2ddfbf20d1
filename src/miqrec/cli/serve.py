"""`miqrec serve`: a saved model answers over HTTP."""

import inspect
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from miqrec.config import explain
from miqrec.errors import MiqrecError
from miqrec.serving.settings import Settings

Saved = Annotated[
    Path | None,
    typer.Argument(help="A saved model, a run, or an exported .onnx file; or MIQREC_ARTIFACT."),
]


def serve(artifact: Saved = None, **values: Any) -> None:
    """Answer over HTTP: lists for histories, by a saved model.

    Every option can be given as an environment variable too, MIQREC_ and its name in capitals; the option
    wins. The page at / shows what the model does, and GET /openapi.json describes all requests.

    Example: miqrec serve runs/miq --port 8000
    """
    given = {"artifact": artifact, **values}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise MiqrecError(f"{explain(error)}; see miqrec serve --help") from error
    from miqrec.system.optional import optional

    for package in ("fastapi", "uvicorn", "prometheus_client"):
        optional(package, "serving")
    from miqrec.serving.server import run

    run(settings)


def _parameters() -> list[inspect.Parameter]:
    """Make an option for each setting but the artifact, which is the argument."""
    own = inspect.signature(serve).parameters["artifact"]
    fields = ((name, field) for name, field in Settings.model_fields.items() if name != own.name)
    return [own, *(_option(name, field) for name, field in fields)]


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    kinds = _kinds(field.annotation)
    kind = str if kinds[0] is SecretStr else kinds[0]
    value = field.get_default(call_default_factory=True)
    default = "none" if value is None else str(value).lower()
    option = typer.Option(help=f"{field.description} [dim]\\[default: {default}][/dim]")
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _kinds(annotation: Any) -> list[Any]:
    """Take `None` out of an optional type."""
    is_union = get_origin(annotation) in (Union, UnionType)
    return (
        [kind for kind in get_args(annotation) if kind is not type(None)]
        if is_union
        else [annotation]
    )


serve.__signature__ = inspect.Signature(_parameters())  # type: ignore[attr-defined]
serve.__annotations__ = {
    name: parameter.annotation
    for name, parameter in serve.__signature__.parameters.items()  # type: ignore[attr-defined]
}
