"""How a fitted model is used: what lists leave out, and which of a history's positions answer."""

import math
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from miqrec.config import Config, explain
from miqrec.data.kind_names import read_kinds
from miqrec.errors import MiqrecError

Mix = Sequence[float] | str
"""Weights of answers, newest first, also as text, such as "0.6 0.4"; or "trained"."""

TOLERANCE = 1e-4
"""How far the sum of typed weights may be from 1."""


class InferenceConfig(Config):
    """What every command that uses a model goes by, unless it is told otherwise."""

    exclude_seen: bool | tuple[str, ...] = True
    """Leave what a user has had already out of lists; a held-out item that was had before is then a miss.
    Kinds of event, such as "purchase", leave out the items of these events alone."""
    mix: tuple[float, ...] | Literal["trained"] | None = None
    """The weights of the newest positions' answers, newest first, such as "0.6 0.4"; "trained": those that
    the model was trained with; none: the trained ones where there are any, else the newest answer alone."""
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """What scores are divided by before their softmax is taken."""

    @field_validator("exclude_seen", mode="before")
    @classmethod
    def _read_exclude_seen(cls, seen: object) -> object:
        return seen if isinstance(seen, bool) else read_kinds(seen)

    @field_validator("mix", mode="before")
    @classmethod
    def _read_mix(cls, mix: object) -> object:
        if mix is None or (isinstance(mix, str) and mix.strip() == "trained"):
            return mix.strip() if mix else None
        return read_weights(mix, "trained")


DEFAULT_INFERENCE = InferenceConfig()
"""Lists leave out what was seen, and the model answers as it was trained to."""


def with_changes(inference: InferenceConfig, **values: Any) -> InferenceConfig:
    """Change some settings; those that are None stay as they are.

    Raises:
        MiqrecError: a value is out of range.
    """
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return InferenceConfig(**(inference.model_dump() | given))
    except ValidationError as error:
        raise MiqrecError(explain(error)) from error


def read_weights(mix: object, *others: str) -> tuple[float, ...]:
    """Read the weights of answers, from numbers or from text such as "0.6 0.4".

    Args:
        mix: The weights, newest first.
        others: The words that may stand in their place, for the sentence of an error.

    Raises:
        ValueError: If they are no distribution in which the newest answer has a part.
    """
    words = mix.replace(",", " ").split() if isinstance(mix, str) else mix
    try:
        weights = tuple(float(word) for word in words)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        weights = ()
    if not (weights and all(map(math.isfinite, weights))):
        choice = "".join(f', or "{word}"' for word in others)
        raise ValueError(
            f'{mix!r} is not a row of weights; give one for each answer, such as "0.6 0.4"{choice}'
        )
    _check_weights(weights)
    return weights


def _check_weights(weights: Sequence[float]) -> None:
    """See that the weights are a distribution in which the newest answer has a part."""
    first, *rest = weights
    if not first > 0:
        raise ValueError("the newest answer, whose weight is the first, needs a weight above 0")
    if any(weight < 0 for weight in rest):
        raise ValueError(
            "a weight is below 0; give a weight of 0 to an answer that is to be left out"
        )
    total = math.fsum(weights)
    if abs(total - 1) > TOLERANCE:
        raise ValueError(f"the weights sum to {total:.6g}; give weights that sum to 1")
