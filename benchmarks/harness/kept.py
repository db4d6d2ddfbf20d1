"""Measurements as lines of a file, which belong to one version of the measured code."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness.folders import SOURCES

UNMEASURED = {"experiments", "serving", "adapters"}
"""Parts of the library that no measurement runs through."""


def append(path: Path, row: dict[str, Any]) -> None:
    """Add a line to a file, and make the file where it is missing.

    The line begins with a line feed, so that it is whole even after one that a kill cut short.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(row)}\n")


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines that are whole; a missing file has none."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:  # empty, or cut short by a kill
            continue


def code_version(folder: Path = SOURCES / "miqrec") -> str:
    """Return twelve hex digits that change with any change of the code that is measured."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        place = file.relative_to(folder)
        if place.parts[0] not in UNMEASURED:
            digest.update(str(place).encode() + file.read_bytes())
    return digest.hexdigest()[:12]
