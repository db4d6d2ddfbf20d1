"""A line of JSON for each case that was tried, so that a run that is stopped goes on where it was."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from faults.cases import GOOD, Case, Outcome, Verdict


class Record(NamedTuple):
    """What a case came to."""

    name: str
    row: str
    outcome: Outcome
    seen: str
    seconds: float

    @property
    def driver(self) -> str:
        """The first word of the name."""
        return self.name.split("/")[0]


def read_records(log: Path) -> dict[str, Record]:
    """Read the cases that were tried, by their names; half a line at the end is left out."""
    lines = log.read_text(encoding="utf-8").split("\n")[:-1] if log.exists() else []
    return {record.name: record for record in (Record(*json.loads(line)) for line in lines)}


def write_record(log: Path, case: Case, verdict: Verdict, seconds: float) -> Record:
    """Add a case to the log."""
    record = Record(case.name, case.row, *verdict, round(seconds, 2))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    return record


def bad(records: Iterable[Record]) -> list[Record]:
    """List the cases in which something was lost, silently wrong, left behind or died badly."""
    return [record for record in records if record.outcome not in GOOD]
