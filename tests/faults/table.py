"""The figures: how many cases of each row came to what."""

from collections import Counter
from collections.abc import Iterable
from typing import get_args

from faults.cases import Outcome
from faults.records import Record

_HEADER = {
    "kills": "stopped while",
    "mutations": "damaged file",
    "disks": "fault of the disk",
    "stores": "what happens to a store",
}


def to_markdown(records: Iterable[Record]) -> str:
    """Write a table a driver, a row a stage, a file or a fault, with the sums below."""
    by_driver: dict[str, list[Record]] = {}
    for record in records:
        by_driver.setdefault(record.driver, []).append(record)
    return "\n\n".join(_table(driver, found) for driver, found in by_driver.items())


def _table(driver: str, records: list[Record]) -> str:
    outcomes = get_args(Outcome)
    rows: dict[str, Counter[str]] = {}
    for record in records:
        rows.setdefault(record.row, Counter())[record.outcome] += 1
    rows["all"] = Counter(record.outcome for record in records)
    lines = [[_HEADER[driver], "cases", *outcomes], ["---"] * (len(outcomes) + 2)]
    lines += [
        [row, str(counts.total()), *(str(counts[outcome] or "") for outcome in outcomes)]
        for row, counts in rows.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
