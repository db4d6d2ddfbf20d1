"""Packages that few need: they are imported where they are used."""

from importlib import import_module
from types import ModuleType

from miqrec.errors import MiqrecError

_EXTRAS = {
    "fastapi": "serving",
    "lightning": "torch",
    "onnxruntime": "serving-onnx",
    "prometheus_client": "serving",
    "sqlalchemy": "serving",
    "torch": "torch",
    "uvicorn": "serving",
}
"""What of miqrec's extras brings the packages that whole commands are made of."""


def told(error: ModuleNotFoundError) -> Exception:
    """Turn the failure to import one of those packages into a sentence that says how to get it.

    Returns:
        a MiqrecError; for any other package the error itself.
    """
    package = (error.name or "").partition(".")[0]
    if package not in _EXTRAS:
        return error
    extra = _EXTRAS[package]
    return MiqrecError(
        f"this needs {package}, which is not installed: pip install 'miqrec[{extra}]'"
    )


def optional(name: str, extra: str = "experiments", *, install: str | None = None) -> ModuleType:
    """Import a module of an optional package, such as `statsmodels.stats.power`.

    Args:
        name: The module.
        extra: What of miqrec's extras brings it.
        install: What pip is to install, where no extra can bring it.

    Raises:
        MiqrecError: it is not installed; the sentence says how to get it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package, install = name.partition(".")[0], install or f"'miqrec[{extra}]'"
        raise MiqrecError(
            f"this needs {package}, which is not installed: pip install {install}"
        ) from error
