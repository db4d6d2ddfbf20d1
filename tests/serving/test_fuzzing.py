"""Requests of all kinds, drawn from the service's own description: never a 500, and answers as described."""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from miqrec.serving import Settings, create_app
from serving.live import listening

EXAMPLES = int(os.environ.get("MIQREC_FUZZ_EXAMPLES", "12"))
"""Requests of each route; some thousand take ten minutes."""

load_all_checks()
BEYOND = [CHECKS.get_one("positive_data_acceptance")]
"""What a description can't say: that an item is known, an attribute is there, or k fits the catalogue."""


@pytest.fixture(scope="module")
def description(saved, tmp_path_factory):
    """The description of a service that listens."""
    store = f"sqlite:///{tmp_path_factory.mktemp('fuzzed') / 'events.db'}"
    with listening(create_app(Settings(artifact=saved, store=store))) as live:
        yield schemathesis.openapi.from_url(f"{live.url}/openapi.json")


def requests_of(operation, mode):
    """What the description allows, or what it doesn't."""
    return operation.as_strategy(generation_mode=mode)


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: mode.name.lower())
def test_every_answer_is_as_described(description, mode):
    for found in description.get_all_operations():
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(requests_of(operation, mode))
        def asks(case):
            case.call_and_validate(excluded_checks=BEYOND)

        try:
            asks()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # a route without parameters takes everything
