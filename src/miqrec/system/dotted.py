"""Functions by name: what a file records of a function, and how the function is found again."""

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any

from miqrec.errors import MiqrecError


def dotted_name(function: Callable[..., Any]) -> str:
    """Name a function, as `package.module:function`.

    A function that can't be imported, such as a lambda or one of a notebook, is named as what it is:
    "__main__:<lambda>", or "functools:partial(torch.optim.sgd:SGD, lr=0.1)".
    """
    if isinstance(function, functools.partial):
        arguments = [
            *map(repr, function.args),
            *(f"{k}={v!r}" for k, v in function.keywords.items()),
        ]
        return f"functools:partial({', '.join([dotted_name(function.func), *arguments])})"
    if hasattr(function, "__qualname__"):
        return f"{function.__module__}:{function.__qualname__}"
    return f"{type(function).__module__}:{type(function).__qualname__}()"


def import_function(name: str) -> Callable[..., Any]:
    """Import the function that a name such as `package.module:function` stands for.

    Raises:
        MiqrecError: If it can't be imported.
    """
    module, _, path = name.partition(":")
    if module == "__main__":
        raise MiqrecError(f"the function {name} of a script or a notebook can't be imported")
    try:
        found: Any = functools.reduce(getattr, path.split("."), import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        raise MiqrecError(f"the function {name} can't be imported: {error}") from error
    if not callable(found):
        raise MiqrecError(f"{name} is not a function but a {type(found).__name__}")
    return found  # type: ignore[no-any-return]
