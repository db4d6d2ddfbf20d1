"""Packages that few need: they are imported where they are used."""

from importlib import import_module
from types import ModuleType

from miqrec.errors import MiqrecError


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
