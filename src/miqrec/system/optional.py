"""Packages that only experiments need: they are imported where they are used."""

from importlib import import_module
from types import ModuleType

from miqrec.errors import MiqrecError


def optional(name: str) -> ModuleType:
    """Import a module of the extra `experiments`, such as `statsmodels.stats.power`.

    Raises:
        MiqrecError: it is not installed; the sentence says how to get it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        raise MiqrecError(
            f"this needs {package}, which is not installed: pip install 'miqrec[experiments]'"
        ) from error
