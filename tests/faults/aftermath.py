"""After a fault: is what is there whole, and does the next start bring what an undisturbed one brings?"""

import re
from pathlib import PurePosixPath

from faults.cases import Verdict
from faults.children import Ended, in_child
from faults.reference import Undisturbed, undisturbed
from faults.room import ROOM
from faults.scenarios import Scenario
from faults.snapshots import Snapshot, snapshot
from faults.world import typed

_PASSING = re.compile(r"(^|/)(\.miqrec-|checkpoints/|[^/]+\.parts/)|^tmp/")
"""What a stopped process may leave until the next start."""

_TOGETHER = ("model.safetensors", "dataset.json")
"""Files that are only right with those beside them."""


def aftermath(scenario: Scenario) -> Verdict:
    """Look at the room, start again, and look once more."""
    whole = undisturbed(scenario)
    if scenario.reads:
        answer = in_child(typed(scenario.reads))
        if answer.code != 0 or answer.out not in whole.readings:
            return Verdict("lost", f"{scenario.reads}: {tail(answer)}")
    if seen := _torn(scenario, whole):
        return Verdict("lost", seen)
    again = in_child(scenario.next())
    if again.code != 0:
        return Verdict("lost", f"the next start ends with {again.code}: {tail(again)}")
    return compared(scenario.meaning(snapshot(ROOM)), whole.end)


def compared(found: Snapshot, expected: Snapshot) -> Verdict:
    """Compare two snapshots that should be alike."""
    if missing := sorted(expected.keys() - found.keys()):
        return Verdict("lost", f"missing: {', '.join(missing)}")
    if other := sorted(name for name in expected if found[name] != expected[name]):
        return Verdict("silently wrong", f"different: {', '.join(other)}")
    if more := sorted(found.keys() - expected.keys()):
        return Verdict("left behind", ", ".join(more))
    return Verdict("unharmed")


def tail(ended: Ended) -> str:
    """Return the last line that was printed."""
    lines = (ended.err.strip() or ended.out.strip()).splitlines()
    return lines[-1][:300] if lines else ""


def _torn(scenario: Scenario, whole: Undisturbed) -> str:
    """Name what is neither the old nor the new, or nothing."""
    found = snapshot(ROOM)
    gone = sorted(whole.before.keys() & whole.end.keys() - found.keys())
    if gone := [name for name in gone if not name.startswith("cache/")]:  # it can be made again
        return f"gone: {', '.join(gone)}"
    if scenario.meaning is not dict:
        return ""  # its files are compared by what they mean, once all is done
    for name in found:
        digests = {whole.before.get(name), whole.end.get(name)}
        if not _PASSING.search(name) and found[name] not in digests and not _is_begun(name):
            return f"neither the old nor the new: {name}"
    return _mixed(found, whole)


def _is_begun(name: str) -> bool:
    """Whether it is a history, which grows by an epoch at a time and is compared when it is complete."""
    return PurePosixPath(name).name == "history.csv"


def _mixed(found: Snapshot, whole: Undisturbed) -> str:
    """Name a folder whose files are some of the old and some of the new."""
    for folder in {PurePosixPath(name).parent for name in found if name.endswith(_TOGETHER)}:
        files = {name for name in found | whole.end if PurePosixPath(name).parent == folder}
        here = {name: found.get(name) for name in files}
        sides = ({name: side.get(name) for name in files} for side in (whole.before, whole.end))
        if not _PASSING.search(f"{folder}/") and here not in list(sides):
            return f"half the old and half the new: {folder}"
    return ""
