"""Of what `make test-faults` does to stores, a case of each kind: nothing acknowledged is lost or double."""

from random import Random

import pytest

from faults.importing import kill_imports
from faults.services import hang_up, kill_services
from faults.stores import KINDS, in_folder, kill_the_server

MARKS = {
    kill_imports: pytest.mark.slow,
    kill_the_server: pytest.mark.debian,
    hang_up: pytest.mark.slow,
    kill_services: pytest.mark.slow,
}
"""Services and imports take long to start."""


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=MARKS.get(attempt, ())) for kind, (attempt, _) in KINDS.items()],
)
def test_what_was_acknowledged_is_stored_once(kind):
    attempt, _ = KINDS[kind]
    verdict = in_folder(attempt, Random(7))

    assert verdict.outcome == "unharmed", verdict.seen
