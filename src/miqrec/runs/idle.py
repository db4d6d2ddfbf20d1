"""Settings that a model would ignore: those of a training, where a model only counts."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from miqrec.errors import MiqrecError
from miqrec.models.protocol import NamedConfig, counts
from miqrec.models.registry import build_model, find_model, parse_config
from miqrec.system.seeds import seeded
from miqrec.training.config import TrainingConfig

OF_EVERY_RUN = {"seed"}
"""What any run may be given, so that the runs of a table are told apart."""


@cache
def only_counts(name: str) -> bool:
    """Whether the model of a name fits itself, so that nothing trains it."""
    config: Any = find_model(name).config
    with seeded(0):
        return counts(build_model(config(), 1))


def refuse_idle(model: str | NamedConfig, given: Iterable[str]) -> None:
    """Refuse settings of training that a model which counts would ignore.

    Args:
        model: The name of the model, or its config.
        given: The names of the settings, and of what else a caller brings to a training.

    Raises:
        MiqrecError: If there are any.
    """
    known = TrainingConfig.model_fields.keys() | {"callbacks", "logger"}
    idle = [name for name in given if name in known - OF_EVERY_RUN]
    name = model if isinstance(model, str) else parse_config(model).name
    if idle and only_counts(name):
        raise MiqrecError(
            f"{name} counts and is not trained, so it has no use for {', '.join(idle)}; leave that out"
        )
