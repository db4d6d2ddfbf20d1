"""What users do that leaves something on the disk, and what they do again after it was stopped."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from faults.children import Work
from faults.room import ROOM
from faults.snapshots import Snapshot
from faults.world import PRETRAIN, REPRODUCE, TRAIN, TUNE, typed


class Scenario(NamedTuple):
    """Work that is to be stopped.

    Attributes:
        state: How the room is found.
        kills: How many times it is stopped in a long run.
        again: What is typed afterwards; by default the same.
        reads: A command that must be answered at any time, by the old or by the new.
        meaning: Reduces a snapshot to what does not depend on chance.
        staged: Whether its stages have rows of their own in the table.
    """

    name: str
    state: str
    work: Work
    kills: int
    again: Callable[[], Work] | None = None
    reads: str | None = None
    meaning: Callable[[Snapshot], Snapshot] = dict
    staged: bool = False

    def next(self) -> Work:
        """Return what is done after the work was stopped."""
        return self.again() if self.again else self.work


def _resumed(words: str) -> Work:
    """Resume the run if it has begun, as the message says; else type the command again."""
    begun = (ROOM / "run" / "config.json").exists()
    return typed("train --out run --resume" if begun else words)


def _save_model_over() -> None:
    from miqrec import Recommender

    Recommender.load("other").save("kept")


def _save_model_over_without_swaps() -> None:
    from miqrec.system import files

    files._swap = lambda *_: False  # as on a disk that can't swap two names
    _save_model_over()


def _save_store_over() -> None:
    from miqrec.data.open import open_dataset

    open_dataset("log.csv").save("store")


def _in_small_parts(out: str) -> Work:
    return partial(_recommend_in_small_parts, out)


def _recommend_in_small_parts(out: str) -> None:
    """Write the lists of ten users at a time."""
    from miqrec.lists import manifest

    manifest.ROWS = 30
    typed(f"recommend run --k 3 --out {out}")()


def _trials(found: Snapshot) -> Snapshot:
    """Count trials instead of naming them: one that was stopped is queued again under a new number."""
    scores = sorted(found[name] for name in found if name.endswith("/valid.json"))
    trials = {f"tuned/trial {number}": score for number, score in enumerate(scores)}
    kept = {name: found[name] for name in found if not re.match(r"tuned/trial", name)}
    table = Path("tuned/trials.csv")
    if table.exists():
        kept["tuned/trials.csv"] = str(table.read_text(encoding="utf-8").count(",complete,"))
    strays = {name: found[name] for name in found if "checkpoints/" in name or "/.miqrec-" in name}
    return kept | trials | strays


def _growing(found: Snapshot) -> Snapshot:
    """Return all, to be compared at the end: a pack may have some of the runs until the next start."""
    return dict(found)


MODEL = "recommend kept --history i1 --history i2 --k 3 --json"

SCENARIOS = (
    Scenario(
        *("train", "log", typed(f"{TRAIN} --final --out run"), 66),
        again=partial(_resumed, f"{TRAIN} --final --out run"),
        staged=True,
    ),
    Scenario("resume", "stopped", typed("train --out run --resume"), 22),
    Scenario("resume --final", "stopped in --final", typed("train --out run --resume"), 10),
    Scenario("pretrain", "log", typed(PRETRAIN), 16),
    Scenario("tune", "log", typed(TUNE), 8, meaning=_trials),
    Scenario("reproduce", "log", typed(REPRODUCE), 4),
    Scenario("pack", "study", typed("pack recipe --delete-models"), 24, meaning=_growing),
    Scenario("recommend --out", "models", _in_small_parts("lists.csv"), 14),
    Scenario("recommend --out folder", "models", _in_small_parts("lists"), 14),
    Scenario("report --out page", "study", typed("report recipe --out page.html"), 6),
    Scenario("report --out folder", "study", typed("report recipe --out report"), 4),
    Scenario("save over a model", "models", _save_model_over, 18, reads=MODEL),
    Scenario(
        *("save over a model, no swap", "models", _save_model_over_without_swaps, 18),
        again=lambda: _save_model_over,
        reads=MODEL,
    ),
    Scenario("save over a data set", "store", _save_store_over, 14),
)
