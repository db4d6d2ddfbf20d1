"""Studies in TOML files; those in `recipes/` are the published experiments."""

import itertools
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from miqrec.config import explain
from miqrec.errors import MiqrecError
from miqrec.experiments.recipes import FOLDER, study_names
from miqrec.experiments.studies.study import Study


def read_study(name: str) -> Study:
    """Read a study by its name or its path.

    Raises:
        MiqrecError: there is no such file, it isn't TOML, or a key is missing, unknown or wrong.
    """
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        raise MiqrecError(f"there is no recipe {name!r}; choose one of {', '.join(study_names())}")
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8"))
        return Study(**_with_grid(keys) | {"name": path.stem})
    except tomllib.TOMLDecodeError as error:
        raise MiqrecError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise MiqrecError(f"{path}: {explain(error)}") from error


def find_study(table: str, dataset: str | None = None) -> Study:
    """Find a study such as `table2` on `ml-1m`, or read the one of a path.

    Args:
        table: a study's name without its data set, or a path.
        dataset: may be left out for a path, and where the table is on a single data set.

    Raises:
        MiqrecError: there is no such study, or there are several; or as `read_study`.
    """
    if dataset is not None:
        return read_study(f"{table}-{dataset}")
    names = [name for name in study_names() if name.startswith(f"{table}-")]
    if len(names) > 1:
        choice = ", ".join(name.removeprefix(f"{table}-") for name in names)
        raise MiqrecError(f"{table} is on several data sets: give --dataset, one of {choice}")
    return read_study(names[0] if names else table)


def read_system(recipe: str) -> tuple[Study, str]:
    """Read `study:system`; the system may be left out where the study has a single one.

    Raises:
        MiqrecError: the study has no such system, or several of which none is named; or as
            `read_study`.
    """
    name, _, system = recipe.partition(":")
    study = read_study(name)
    if not system and len(study.systems) == 1:
        system = next(iter(study.systems))
    if system not in study.systems:
        what = f"has no system {system!r}" if system else "has several systems"
        choice = ", ".join(f"{name}:{key}" for key in study.systems)
        raise MiqrecError(f"the recipe {name} {what}; choose one of {choice}")
    return study, system


def _with_grid(keys: dict[str, Any]) -> dict[str, Any]:
    """Write out a [grid] as systems: one for each combination of its lists, `window-3-dim-50`."""
    grid = keys.get("grid")
    if not isinstance(grid, dict):
        return keys
    axes = {name: values for name, values in grid.items() if isinstance(values, list)}
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    systems = {
        "-".join(f"{axis}-{value}" for axis, value in point.items()): grid
        | {"label": ", ".join(f"{axis} {value}" for axis, value in point.items())}
        | point
        for point in points
    }
    rest = {name: value for name, value in keys.items() if name != "grid"}
    return rest | {"systems": systems | keys.get("systems", {})}
