"""Disks that are full, folders that can't be written, and caches that are none.

The work may go on without what it can't have, or it ends in one sentence. What was there stays, and once
the fault is mended the same command brings what it would have brought.
"""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice, zip_longest
from random import Random

from faults.aftermath import aftermath, compared, tail
from faults.cases import Case, Verdict, draws
from faults.children import Ended, Work, in_child
from faults.events import at_event, no_space
from faults.forbidden import FORBIDDEN, as_anybody, mend
from faults.reference import undisturbed
from faults.room import ROOM
from faults.scenarios import SCENARIOS, Scenario
from faults.small_disk import can_mount, on_small_disk
from faults.snapshots import Snapshot, snapshot
from faults.world import restore

Fault = tuple[str, int, Callable[[], Verdict]]
"""What is wrong with the disk, where, and the attempt to work with it."""


def disk_cases(seed: int, share: float) -> Iterator[Case]:
    """Yield the cases of all scenarios; a share of them for a short run."""
    for scenario in SCENARIOS:
        if scenario.name == "reproduce":  # its runs are processes of their own, and are `train`
            continue
        n_cases = round(0.6 * scenario.kills * share)
        turns = zip_longest(*_faults(scenario, seed)) if n_cases else ()
        faults = (fault for fault in chain.from_iterable(turns) if fault)
        for fault, where, attempt in islice(faults, n_cases):
            yield Case(f"disks/{scenario.name}/{fault}/{where}", fault, attempt)


def _faults(scenario: Scenario, seed: int) -> list[Iterator[Fault]]:
    """Draw faults of each kind, one after the other; of some kinds without end."""
    draw = draws(seed, f"disks {scenario.name}")
    return [kind(scenario, draw) for kind in (_without_space, _limited, _standing, _small)]


def _without_space(scenario: Scenario, draw: Random) -> Iterator[Fault]:
    """Refuse one operation that needs room."""
    writes = [event for event in undisturbed(scenario).events if event.writes]
    for event in draw.sample(writes, len(writes)):
        work = at_event(scenario.work, ROOM, event.number, no_space)
        yield "no space at an operation", event.number, partial(_attempt, scenario, work)


def _limited(scenario: Scenario, draw: Random) -> Iterator[Fault]:
    """Let no file grow beyond a size."""
    while True:
        size = round(undisturbed(scenario).largest ** draw.random())
        work = partial(_within, scenario.work, size)
        yield "no space within a file", size, partial(_attempt, scenario, work)


def _small(scenario: Scenario, draw: Random) -> Iterator[Fault]:
    """Have a disk of its own that is nearly full."""
    while can_mount():
        pages = round(30 ** draw.random())
        yield "a disk that is nearly full", pages, partial(on_small_disk, scenario, pages, _judged)


def _standing(scenario: Scenario, draw: Random) -> Iterator[Fault]:
    """Forbid something to a user who is not root."""
    for fault in draw.sample(sorted(FORBIDDEN), len(FORBIDDEN)):
        work = partial(as_anybody, scenario.work)
        yield fault, 0, partial(_attempt, scenario, work, FORBIDDEN[fault])


def _within(work: Work, size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    work()


def _attempt(scenario: Scenario, work: Work, forbid: Callable[[], None] | None = None) -> Verdict:
    restore(scenario.state)
    if forbid:
        forbid()
    ended = in_child(work)
    mend()
    return _judged(scenario, ended)


def _judged(scenario: Scenario, ended: Ended) -> Verdict:
    """See how the work ended, and what comes of it once there is room again."""
    if ended.code == 0:
        found, whole = scenario.meaning(snapshot(ROOM)), undisturbed(scenario).end
        answer = compared(_but_cache(found), _but_cache(whole))
        is_right = answer.outcome == "unharmed" or _says_so(ended)
        return aftermath(scenario) if is_right else answer
    errors = [line for line in ended.err.splitlines() if line.startswith("error: ")]
    if ended.code != 2 or len(errors) != 1 or "Traceback" in ended.err:
        return Verdict("died badly", f"{ended.code}: {tail(ended)}")
    after = aftermath(scenario)
    return Verdict("refused", errors[0]) if after.outcome == "unharmed" else after


def _says_so(ended: Ended) -> bool:
    """Whether the person was told that something could not be done."""
    reasons = (errno.ENOSPC, errno.EFBIG, errno.EACCES)
    return any(os.strerror(reason) in ended.err for reason in reasons)


def _but_cache(found: Snapshot) -> Snapshot:
    """Leave out the cache, without which all goes on in memory."""
    return {name: found[name] for name in found if not name.startswith("cache/")}
