"""Settings by their bare names, as typed on a command line, sorted into the configs they belong to."""

from typing import Any, NamedTuple

from pydantic import ValidationError

from miqrec.config import Config, explain
from miqrec.data.filters import Filters
from miqrec.errors import MiqrecError
from miqrec.models.registry import MODELS, ModelConfig
from miqrec.models.s3rec import MIQS3RecConfig, S3Rec, S3RecConfig
from miqrec.training.config import TrainingConfig
from miqrec.training.pretraining.config import PretrainingConfig

Setting = bool | int | float | str
"""A value as typed or as a file has it."""

PRETRAINABLE = [name for name, entry in MODELS.items() if entry.model is S3Rec]
"""The models that there is a pre-training for."""


class Settings(NamedTuple):
    """A model, its training, and what of the data it is trained on."""

    model: ModelConfig
    training: TrainingConfig
    filters: Filters


class PretrainingSettings(NamedTuple):
    """A model, its pre-training, and what of the data it is pre-trained on."""

    model: S3RecConfig | MIQS3RecConfig
    pretraining: PretrainingConfig
    filters: Filters


def settings(model: str, **values: Any) -> Settings:
    """Sort settings such as `window=5, epochs=20, min_user=5` into configs; the rest keeps its default.

    Raises:
        MiqrecError: no such model, a setting that neither it nor the training nor the filters have,
            or a value out of range.
    """
    if model not in MODELS:
        raise MiqrecError(f"there is no model {model!r}; choose one of {', '.join(MODELS)}")
    return Settings(*_sort(model, TrainingConfig, values))


def pretraining_settings(model: str, **values: Any) -> PretrainingSettings:
    """The same for a pre-training, such as `window=5, epochs=100, mask_share=0.2`.

    Raises:
        MiqrecError: a model that is not pre-trained, and otherwise as `settings` does.
    """
    if model not in PRETRAINABLE:
        raise MiqrecError(f"{model!r} is not pre-trained; choose one of {', '.join(PRETRAINABLE)}")
    return PretrainingSettings(*_sort(model, PretrainingConfig, values))


def _sort(model: str, training: type[Config], values: dict[str, Any]) -> list[Any]:
    classes = (MODELS[model].config, training, Filters)
    known = [name for config in classes for name in config.model_fields if name != "name"]
    if unknown := [name for name in values if name not in known]:
        raise MiqrecError(
            f"{model} has no setting {', '.join(map(repr, unknown))}; it has {', '.join(known)}"
        )
    return [_take(config, values) for config in classes]


def _take(config: type[Config], values: dict[str, Any]) -> Any:
    try:
        return config(
            **{name: value for name, value in values.items() if name in config.model_fields}
        )
    except ValidationError as error:
        raise MiqrecError(explain(error)) from error
