"""The measurements that a comparison keeps, so that it goes on where it was stopped."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import kept
from benchmarks.peers.jobs import Job


class Measured(NamedTuple):
    """A measurement, with the comparison, the side, the repetition and the job that it belongs to."""

    work: str
    label: str
    repetition: int
    job: Job
    result: dict[str, Any]


class State:
    """The measurements of one version of the code; another version has a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, measured: Measured) -> None:
        """Keep a measurement as one more line."""
        kept.append(self.path, measured._asdict() | {"job": asdict(measured.job)})

    def __iter__(self) -> Iterator[Measured]:
        return (Measured(**row | {"job": Job(**row["job"])}) for row in kept.lines(self.path))

    def has(self, work: str, label: str, repetition: int, job: Job) -> bool:
        """Return whether this was measured already."""
        wanted = (work, label, repetition, job)
        return any(measured[:4] == wanted for measured in self)
