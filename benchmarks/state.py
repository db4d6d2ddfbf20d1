"""Measurements as lines of a file, so that a benchmark goes on where it was stopped."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.jobs import Job

HERE = Path(__file__).parent
UNMEASURED = {"experiments", "serving", "adapters"}
"""Parts of the library that no measurement runs through."""


class Measured(NamedTuple):
    """A measurement and what it is of."""

    work: str
    label: str
    repetition: int
    job: Job
    result: dict[str, Any]


class State:
    """The measurements of one state of the code; another state begins anew, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, measured: Measured) -> None:
        """Write a measurement as one more line."""
        append(self.path, measured._asdict() | {"job": asdict(measured.job)})

    def __iter__(self) -> Iterator[Measured]:
        return (Measured(**row | {"job": Job(**row["job"])}) for row in lines(self.path))

    def has(self, work: str, label: str, repetition: int, job: Job) -> bool:
        """Whether this was measured already."""
        wanted = (work, label, repetition, job)
        return any(measured[:4] == wanted for measured in self)


def append(path: Path, row: dict[str, Any]) -> None:
    """Add a line; it begins with a line feed, lest it go on with one that a kill cut short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(row)}\n")


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """All lines that are whole."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # empty, or cut short by a kill
            continue


def code_version(folder: Path = HERE.parent / "src" / "miqrec") -> str:
    """Twelve hex digits that change with any change of the code that is measured."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        place = file.relative_to(folder)
        if place.parts[0] not in UNMEASURED:
            digest.update(str(place).encode() + file.read_bytes())
    return digest.hexdigest()[:12]
