"""Packages whose names are imported when they are asked for, so that nobody waits for what is not used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from miqrec.system.optional import told


def lazy_names(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """Make the `__getattr__` of a package.

    Args:
        package: Its name.
        modules: The public names that each module brings.
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            return getattr(import_module(homes[name]), name)
        except ModuleNotFoundError as error:
            raise told(error) from error

    return find
