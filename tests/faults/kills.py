"""Processes that are ended at one of their events, or in the middle of a file, and then started again.

Afterwards all must be as where nothing happened, and at no time may a file that counts be neither the
old nor the new one.
"""

import resource
import signal
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice, zip_longest
from typing import NamedTuple

from faults.aftermath import aftermath, tail
from faults.cases import Case, Verdict, draws
from faults.children import Work, in_child
from faults.events import at_event, interrupt, kill
from faults.reference import undisturbed
from faults.room import ROOM
from faults.scenarios import SCENARIOS, Scenario
from faults.world import restore

ACTS = {"kill": kill, "interrupt": interrupt}

WITHIN = "within a file"
"""What the blow is called that ends a process where a file would grow beyond a number of bytes."""


class Blow(NamedTuple):
    """How a process is ended, and at which event or byte."""

    how: str
    number: int
    stage: str


def kill_cases(seed: int, share: float) -> Iterator[Case]:
    """Yield the cases of all scenarios; a share of them for a short run."""
    for scenario in SCENARIOS:
        n_cases = round(scenario.kills * share)
        for blow in islice(_blows(scenario, seed), n_cases) if n_cases else ():
            name = f"kills/{scenario.name}/{blow.how} at {blow.number}"
            row = f"{scenario.name}: {blow.stage}" if scenario.staged else scenario.name
            yield Case(name, row, partial(_attempt, scenario, blow))


def _blows(scenario: Scenario, seed: int) -> Iterator[Blow]:
    """Draw blows without end, each stage in its turn as long as it has events that were not hit."""
    whole, draw = undisturbed(scenario), draws(seed, scenario.name)
    stages: dict[str, list[Blow]] = {}
    for event in draw.sample(whole.events, len(whole.events)):
        how = "interrupt" if draw.random() < 0.2 else "kill"
        stages.setdefault(event.stage, []).append(Blow(how, event.number, event.stage))
    sizes = [round(whole.largest ** draw.random()) for _ in range(scenario.kills // 5)]
    within = [Blow(WITHIN, size, WITHIN) for size in sizes]
    turns = zip_longest(*stages.values(), within)
    return (blow for blow in chain.from_iterable(turns) if blow)


def _attempt(scenario: Scenario, blow: Blow) -> Verdict:
    restore(scenario.state)
    ended = in_child(_struck(scenario.work, blow))
    if ended.code is None or ("Traceback" in ended.err and blow.how != "interrupt"):
        return Verdict("died badly", tail(ended))
    if blow.how == "kill" and ended.code != -signal.SIGKILL:
        return Verdict("died badly", f"it ended with {ended.code} before it could be killed")
    verdict = aftermath(scenario)
    return (
        verdict
        if ended.code
        else verdict._replace(seen="it had ended before, or no file grew so large")
    )


def _struck(work: Work, blow: Blow) -> Work:
    if blow.how == WITHIN:
        return partial(_cut, work, blow.number)
    return at_event(work, ROOM, blow.number, ACTS[blow.how])


def _cut(work: Work, size: int) -> None:
    """Work that is killed where it writes a file beyond this size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    work()
