"""Settings by their bare names, as typed on a command line, sorted into the configs they belong to."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import ValidationError

from miqrec.config import Config, explain
from miqrec.data.filters import Filters
from miqrec.data.reading.columns import Columns
from miqrec.data.split_config import SplitConfig
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.models.protocol import NamedConfig
from miqrec.models.registry import find_model, find_models, parse_config
from miqrec.training.config import TrainingConfig
from miqrec.training.pretraining.config import PretrainingConfig

Setting = bool | int | float | str
"""A value as typed or as a file has it."""


OF_A_PRETRAINING: tuple[type[Config], ...] = (Columns, Filters, SplitConfig)
"""Where the settings of a pre-training stand, besides its model's and its own."""
OF_A_RUN: tuple[type[Config], ...] = (Columns, Filters, SplitConfig, InferenceConfig)
"""Where the settings of a run stand, besides its model's and its training's."""


class Settings(NamedTuple):
    """A model, its training, what of the data it is trained on, and how it is used."""

    model: NamedConfig
    training: TrainingConfig
    columns: Columns | None  # None where none is given, of the filters too
    filters: Filters | None
    split: SplitConfig
    inference: InferenceConfig


class PretrainingSettings(NamedTuple):
    """A model, its pre-training, and what of the data it is pre-trained on."""

    model: NamedConfig
    pretraining: PretrainingConfig
    columns: Columns | None  # None where none is given, of the filters too
    filters: Filters | None
    split: SplitConfig


def settings(model: str | NamedConfig, **values: Any) -> Settings:
    """Sort settings such as `window=5, epochs=20, min_user=5` into configs; the rest keeps its default.

    Args:
        model: The name of a model, or its config, which then has the model's settings.
        values: The settings by their names.

    Raises:
        MiqrecError: no such model, a setting that neither it nor the training nor the filters have,
            or a value out of range.
    """
    return Settings(*_sort(model, [TrainingConfig, *OF_A_RUN], values))


def pretraining_settings(model: str | NamedConfig, **values: Any) -> PretrainingSettings:
    """Sort the settings of a pre-training, such as `window=5, epochs=100, mask_share=0.2`, likewise.

    Raises:
        MiqrecError: a model that is not pre-trained, and otherwise as `settings` does.
    """
    name = _name(model)
    if not find_model(name).pretrainable:
        raise MiqrecError(
            f"{name!r} is not pre-trained; choose one of {', '.join(pretrainable_models())}"
        )
    return PretrainingSettings(*_sort(model, [PretrainingConfig, *OF_A_PRETRAINING], values))


def pretrainable_models() -> list[str]:
    """List the names of the models that can be pre-trained."""
    return [name for name, model in find_models().items() if model.pretrainable]


def _sort(
    model: str | NamedConfig, others: list[type[Config]], values: dict[str, Any]
) -> list[Any]:
    name = _name(model)
    own = find_model(name).config
    _check_names(name, own, others)
    if not isinstance(model, str):
        values = values | _from_config(model, own, values)
    known = [name for config in (own, *others) for name in config.model_fields if name != "name"]
    if unknown := [name for name in values if name not in known]:
        raise MiqrecError(
            f"{name} has no setting {', '.join(map(repr, unknown))}; it has {', '.join(known)}"
        )
    return [_take(config, values) for config in (own, *others)]


def _name(model: str | NamedConfig) -> str:
    return model if isinstance(model, str) else parse_config(model).name


def _check_names(model: str, own: type[Config], others: Iterable[type[Config]]) -> None:
    """See that a bare name says which config it belongs to."""
    taken = {name for config in others for name in config.model_fields}
    if both := taken & own.model_fields.keys():
        raise MiqrecError(
            f"the model {model!r} can't have a setting called {' or '.join(sorted(both))}: its training "
            "has one of that name, or the data; rename the model's"
        )


def _from_config(model: NamedConfig, own: type[Config], values: dict[str, Any]) -> dict[str, Any]:
    """Take the settings from a model's config; none of them may be given beside it."""
    if both := sorted(values.keys() & own.model_fields.keys()):
        inside = ", ".join(f"{name}={values[name]!r}" for name in both)
        raise MiqrecError(
            f"{', '.join(both)} belongs in the config of the model: {own.__name__}({inside})"
        )
    return model.model_dump(exclude={"name"})


def _take(config: type[Config], values: dict[str, Any]) -> Any:
    """Make the config of its own values; columns and filters are left to the source if none is given."""
    own = {name: value for name, value in values.items() if name in config.model_fields}
    if config in (Columns, Filters) and not own:
        return None
    try:
        return config(**own)
    except ValidationError as error:
        raise MiqrecError(explain(error)) from error
