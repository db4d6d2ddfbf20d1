"""What a scenario comes to where nothing happens to it, and where something might happen."""

import json
import os
import tempfile
from functools import cache
from typing import NamedTuple

from faults.children import in_child
from faults.events import Event, watched
from faults.room import ROOM
from faults.scenarios import Scenario
from faults.snapshots import Snapshot, snapshot
from faults.world import restore, succeed, typed


class Undisturbed(NamedTuple):
    """The room before and after, the events between, and what is read of the old and of the new."""

    before: Snapshot
    end: Snapshot
    events: list[Event]
    largest: int  # file, in bytes
    readings: tuple[str, ...]


@cache
def undisturbed(scenario: Scenario) -> Undisturbed:
    """Do a scenario's work with nothing but an eye on it."""
    restore(scenario.state)
    before, old = snapshot(ROOM), _reading(scenario)
    with tempfile.TemporaryFile(dir=ROOM.parent) as notes:
        note = notes.fileno()
        record = lambda event: os.write(note, (json.dumps(event) + "\n").encode())  # noqa: E731
        succeed(watched(scenario.work, ROOM, record))
        notes.seek(0)
        events = [Event(*json.loads(line)) for line in notes]
    end, new = snapshot(ROOM), _reading(scenario)
    largest = max(path.stat().st_size for path in ROOM.rglob("*") if path.is_file())
    return Undisturbed(before, scenario.meaning(end), events, largest, (*old, *new))


def _reading(scenario: Scenario) -> tuple[str, ...]:
    return (in_child(typed(scenario.reads)).out,) if scenario.reads else ()
