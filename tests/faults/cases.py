"""A case, and what it can come to."""

import hashlib
import random
from collections.abc import Callable
from typing import Literal, NamedTuple

Outcome = Literal["unharmed", "refused", "lost", "silently wrong", "left behind", "died badly"]
"""How a case can end.

Unharmed: to the bit what it is where nothing is done to it. Refused: one sentence that names the file.
Lost: something that was there, or that `--resume` should bring, is gone. Silently wrong: another
result, and not a word. Left behind: temporary files of ours stay. Died badly: a traceback, a signal,
a sentence without the file's name, or no end at all.
"""

GOOD = ("unharmed", "refused")
"""What a case should come to."""


class Verdict(NamedTuple):
    """What a case came to, and what was seen."""

    outcome: Outcome
    seen: str = ""


class Case(NamedTuple):
    """One thing that is done to the world.

    Attributes:
        name: By which it is tried again, such as `kills/train/17`.
        row: Of the table of figures: a stage or a file.
    """

    name: str
    row: str
    attempt: Callable[[], Verdict]

    @property
    def driver(self) -> str:
        """The first word of its name."""
        return self.name.split("/")[0]


def draws(seed: int, name: str) -> random.Random:
    """Random numbers of a case, or of a group of cases, alone."""
    return random.Random(hashlib.sha256(f"{seed} {name}".encode()).digest())
