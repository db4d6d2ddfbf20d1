"""A test function with a case for each model and check."""

from collections.abc import Callable

import pytest

from miqrec.models.protocol import NamedConfig, learns
from miqrec.testing.checks import FOR_ALL, FOR_LEARNERS, fresh


def model_suite(
    *configs: NamedConfig,
) -> Callable[[NamedConfig, Callable[[NamedConfig], None]], None]:
    """Make a test function for pytest that holds models to all that this library relies on.

    For every model: its scores are float32 and don't depend on the rest of the batch or on items beyond
    `max_length`; saving, and fitting again with the same seed, change nothing; on noise it isn't better
    than chance.

    For one that learns: no state depends on later items or on padding; `last` gives the newest rows of
    `forward` over what is read, and their gradients; scores are products of the newest state and the vectors
    of items, so that answers can be mixed; every parameter gets a gradient, but for biases whose names end in
    `key.bias`; items keep their scores in a larger catalogue; it learns a circle, and more of the demo
    than counting finds.

    Args:
        configs: Of registered models, small enough to be trained in seconds and large enough to learn: a
            width of 32 and a `max_length` of 30, say.

    Returns:
        What a test file binds to a name that begins with `test_`. `pytest -k` chooses among the models by
        their names, and among the checks by the functions in `miqrec.testing.checks`.

    Raises:
        MiqrecError: If a model is not registered, or can't be built.
    """
    cases = [
        pytest.param(config, check, id=f"{config.name}-{check.__name__}")
        for config in configs
        for check in (*FOR_ALL, *(FOR_LEARNERS if learns(fresh(config)) else ()))
    ]

    @pytest.mark.parametrize(("config", "check"), cases)
    def test_model(config: NamedConfig, check: Callable[[NamedConfig], None]) -> None:
        check(config)

    return test_model
