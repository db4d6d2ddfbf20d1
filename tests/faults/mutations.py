"""Files that are damaged, and what a command that reads them then says.

Either it says in one sentence that names the file that it can't go on, or all that it prints and
leaves is to the bit what it is without the damage.
"""

import re
import shutil
import tomllib
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from faults.aftermath import compared, tail
from faults.cases import Case, Verdict, draws
from faults.children import Ended, in_child
from faults.damage import DAMAGES
from faults.forbidden import as_anybody, mend
from faults.readings import READINGS, Reading
from faults.room import ROOM
from faults.snapshots import Snapshot, snapshot, without_clocked
from faults.world import restore, succeed

_ANOTHERS = "another's"

_GROWING = ("/last.ckpt", "/history.csv")
"""What a training writes that goes on until it needs what is damaged."""


_ALL_DONE = '"missing": []'
"""What a report says of a study in which no run is missing."""


class Result(NamedTuple):
    """What a command prints and leaves."""

    out: str
    end: Snapshot


def mutation_cases(seed: int, share: float) -> Iterator[Case]:
    """Yield the cases of all files; a share of them, drawn by chance, for a short run."""
    for number, reading in enumerate(READINGS):
        chance = draws(seed, f"short {number}")
        restore(reading.state)
        for file in _files(reading):
            for turn, (damage, luck) in enumerate(_damages(number, file, seed)):
                if share == 1 or chance.random() < share:
                    yield _case(number, file, damage, turn, luck)


def _files(reading: Reading) -> list[Path]:
    """List the files that are damaged, whose place in the room is always the same; locks are empty."""
    found = sorted(path for path in ROOM.glob(reading.files) if path.is_file())
    return [path.relative_to(ROOM) for path in found if not path.name.startswith(".")]


def _damages(number: int, file: Path, seed: int) -> Iterator[tuple[str, float]]:
    """Draw ways to damage a file, each again only after all others, and where it is done."""
    reading, draw = READINGS[number], draws(seed, f"{number} {file.name}")
    names = [name for name in DAMAGES if name not in reading.spared]
    names += [_ANOTHERS] if reading.twin else []
    names = draw.sample(names, len(names))
    return ((names[turn % len(names)], draw.random()) for turn in range(reading.cases))


def _case(number: int, file: Path, damage: str, turn: int, luck: float) -> Case:
    reading = READINGS[number]
    place = re.sub("-[0-9a-f]{16}", "", str(file))  # the same wherever the room is
    row = f"{reading.row}: {re.sub('[0-9]+', 'N', file.name)}"
    attempt = partial(_attempt, reading, file, damage, luck)
    return Case(f"mutations/{number}/{place}/{turn} {damage}", row, attempt)


def _attempt(reading: Reading, file: Path, damage: str, luck: float) -> Verdict:
    expected = _undamaged(reading)
    restore(reading.state)
    before, others = file.read_bytes(), _but(file, snapshot(ROOM))
    succeed(partial(_harm, reading, file, damage, luck))
    ended = in_child(partial(as_anybody, reading.work) if damage == "forbid" else reading.work)
    mend()
    if ended.code == 0:
        return _answered(reading, file, before, ended, expected)
    return _refused(reading, file, ended, others)


@cache
def _undamaged(reading: Reading) -> Result:
    restore(reading.state)
    return Result(_printed(reading, succeed(reading.work)), snapshot(ROOM))


def _harm(reading: Reading, file: Path, damage: str, luck: float) -> None:
    if damage == _ANOTHERS:
        assert reading.twin
        shutil.copyfile(reading.twin(file), file)
    else:
        DAMAGES[damage](file, Random(luck))


def _printed(reading: Reading, ended: Ended) -> str:
    """Return what was printed, of a training without its times by the clock."""
    if not reading.fresh:
        return ended.out
    return without_clocked(ended.out.encode()).decode()


def _answered(
    reading: Reading, file: Path, before: bytes, ended: Ended, expected: Result
) -> Verdict:
    """Compare what is printed, and what is left besides the damaged file."""
    if reading.edited and file.is_file() and _means_something_else(file, before):
        return Verdict("unharmed", "done as it is written now")
    if _ALL_DONE in expected.out and _ALL_DONE not in ended.out:
        return Verdict("refused", "the report says which run is missing")
    if _printed(reading, ended) != expected.out:
        return Verdict("silently wrong", f"prints {_first_difference(ended.out, expected.out)}")
    return compared(_but(file, snapshot(ROOM)), _but(file, expected.end))


def _but(file: Path, found: Snapshot) -> Snapshot:
    """Leave out the file that is damaged."""
    return {name: found[name] for name in found if name != str(file)}


def _means_something_else(file: Path, before: bytes) -> bool:
    return tomllib.loads(file.read_text(encoding="utf-8")) != tomllib.loads(before.decode())


def _first_difference(one: str, other: str) -> str:
    place = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"...{one[max(0, place - 40) : place + 20]!r}"


def _refused(reading: Reading, file: Path, ended: Ended, others: Snapshot) -> Verdict:
    """See that one sentence names the file, and that nothing else has changed."""
    errors = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    if ended.code != 2 or len(errors) != 1 or "Traceback" in ended.err:
        return Verdict("died badly", f"{ended.code}: {tail(ended)}")
    if file.name not in errors[0] and not reading.edited:
        return Verdict("died badly", f"the file is not named: {errors[0]}")
    end = snapshot(ROOM)
    changed = sorted(name for name in others if end.get(name) != others[name])
    if changed := [name for name in changed if not name.endswith(_GROWING)]:
        return Verdict("lost", f"changed: {', '.join(changed)}")
    return Verdict("refused", errors[0])
