"""A recipe: one experiment's data, model and settings in a TOML file that opens with its command.

The files beside this one, in `recipes/`, are the published experiments; a path names any other.
"""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from miqrec.errors import MiqrecError
from miqrec.settings import settings

FOLDER = Path(__file__).parent / "recipes"


class Recipe(NamedTuple):
    """What a recipe says; its settings have been checked against the model's."""

    data: str
    model: str
    values: dict[str, Any]


def recipe_names() -> list[str]:
    """The recipes that come with miqrec."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_recipe(name: str) -> Recipe:
    """Read a recipe by its name or its path.

    Raises:
        MiqrecError: there is none, it isn't TOML, names no data or model, or has a setting that the
            model has not.
    """
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        raise MiqrecError(f"there is no recipe {name!r}; choose one of {', '.join(recipe_names())}")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        recipe = Recipe(values.pop("data"), values.pop("model"), values)
    except tomllib.TOMLDecodeError as error:
        raise MiqrecError(f"{path} is not TOML: {error}") from error
    except KeyError as error:
        raise MiqrecError(f"{path} does not say which {error.args[0]} to use") from error
    settings(recipe.model, **recipe.values)
    return recipe
