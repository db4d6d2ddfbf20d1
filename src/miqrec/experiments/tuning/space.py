"""Search spaces: the settings of a model and its training that a search varies, from a TOML file."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, cast, get_args

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

from miqrec.config import Config, explain
from miqrec.data.open import DataConfig
from miqrec.errors import MiqrecError
from miqrec.models.registry import find_model
from miqrec.runs.initial_weights import InitialWeights
from miqrec.runs.settings import Setting
from miqrec.training.config import TrainingConfig

if TYPE_CHECKING:
    from optuna import Trial


class Range(Config):
    """Numbers from `low` to `high`, both included; with `log` all magnitudes are equally likely."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low {self.low} must be above 0 for log")
        return self


def _kind(value: Any) -> str:
    return "list" if isinstance(value, list | tuple) else "range"


Choices = Annotated[tuple[Setting, ...], Field(min_length=1)]
Dimension = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("list")], Discriminator(_kind)
]
"""The values of a setting: the numbers of a range, or those of a list."""


class TuningConfig(Config):
    """Everything that decides what is searched; processes with the same config search together."""

    data: DataConfig
    fingerprint: str  # of the data set
    model: str
    settings: dict[str, Setting]  # the same in all trials
    search: dict[str, Dimension]
    init_from: InitialWeights | None = None  # all trials start from it


class Space(Config):
    """The content of a file with a search space."""

    search: dict[str, Dimension] = Field(min_length=1)


def read_search(path: Path, model: str) -> dict[str, Dimension]:
    """Read a search space for a model and its training, and check all bounds and values in it.

    Whether values of several settings go together turns out when they are tried.

    Raises:
        MiqrecError: there is no such file or model, it isn't TOML, a setting is unknown, or a value
            is out of range.
    """
    fields = searchable(model)
    try:
        space = Space(**tomllib.loads(path.read_text(encoding="utf-8"))).search
    except OSError as error:
        raise MiqrecError(f"{path} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise MiqrecError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        raise MiqrecError(f"{path}: {explain(error)}") from error
    if unknown := [name for name in space if name not in fields]:
        raise MiqrecError(
            f"{path}: {model} has no {unknown[0]!r} to search; it has {', '.join(fields)}"
        )
    check_values(f"{path}: search", model, space)
    return space


def searchable(model: str) -> dict[str, FieldInfo]:
    """Return the settings that can be searched: those of the model and the training but the seed."""
    fields = find_model(model).config.model_fields | TrainingConfig.model_fields
    return {name: field for name, field in fields.items() if name not in {"name", "seed"}}


def check_values(place: str, model: str, space: dict[str, Dimension]) -> None:
    """Check all bounds and values of a search space.

    Raises:
        MiqrecError: a value is out of range, or a setting that is no number has a range.
    """
    for name, dimension in space.items():
        _check(f"{place}.{name}", searchable(model)[name], dimension)


def contains(dimension: Dimension, value: Setting) -> bool:
    """Whether a search may draw this value."""
    if isinstance(dimension, Range):
        return not isinstance(value, str) and dimension.low <= value <= dimension.high
    return value in dimension


def suggest(trial: "Trial", model: str, space: dict[str, Dimension]) -> dict[str, Setting]:
    """Have a trial draw a value for every setting."""
    fields = searchable(model)
    return {
        name: _suggest(trial, name, dimension, whole=_is_whole(fields[name]))
        for name, dimension in space.items()
    }


def _suggest(trial: "Trial", name: str, dimension: Dimension, *, whole: bool) -> Setting:
    if not isinstance(dimension, Range):
        return cast(Setting, trial.suggest_categorical(name, dimension))
    if whole:
        return trial.suggest_int(name, int(dimension.low), int(dimension.high), log=dimension.log)
    return trial.suggest_float(name, dimension.low, dimension.high, log=dimension.log)


def _check(place: str, field: FieldInfo, dimension: Dimension) -> None:
    values = dimension
    if isinstance(dimension, Range):
        if not _is_whole(field) and float not in _kinds(field):
            raise MiqrecError(f"{place} is not a number; give a list of its values")
        values = (dimension.low, dimension.high)
    adapter = TypeAdapter[Any](field.rebuild_annotation())
    for value in values:
        try:
            adapter.validate_python(value)
        except ValidationError as error:
            raise MiqrecError(f"{place} can't be {value!r}: {explain(error)}") from error


def _is_whole(field: FieldInfo) -> bool:
    return int in _kinds(field)


def _kinds(field: FieldInfo) -> tuple[Any, ...]:
    return (field.annotation, *get_args(field.annotation))
