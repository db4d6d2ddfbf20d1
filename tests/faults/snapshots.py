"""What a folder holds, file by file, so that two folders can be compared to the bit.

Left out is what may differ between two runs that are the same: times by the clock, the peak of the
memory, the logs for TensorBoard, Optuna's database, and the empty files that are locks.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

Snapshot = dict[str, str]
"""By the path below the folder, a digest of what matters in the file."""

_CLOCKED = {"checksums", "fit_seconds", "test_seconds", "peak_mib", "date", "command", "seconds"}

_SKIPPED = re.compile(r"(^|/)(\..*\.lock|.*\.log|tune\.db(-journal)?|tensorboard/.*)$|^tmp/")


def snapshot(folder: Path) -> Snapshot:
    """Digest all files below a folder, also those that are damaged."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    named = {str(path.relative_to(folder)): path for path in paths}
    return {name: digest(path) for name, path in sorted(named.items()) if not _SKIPPED.search(name)}


def digest(path: Path) -> str:
    """Digest a file, without the times by the clock that it holds."""
    content = path.read_bytes()
    plain = _PLAIN.get(path.name, lambda unchanged: unchanged)
    try:
        content = plain(content)
    except (ValueError, KeyError, AttributeError):
        content = b"damaged: " + content
    return hashlib.sha256(content).hexdigest()[:16]


def _without_seconds(table: bytes) -> bytes:
    rows = csv.DictReader(io.StringIO(table.decode()))
    kept = [{name: row[name] for name in row if name != "seconds"} for row in rows]
    return "\n".join(json.dumps(row) for row in kept).encode()


def without_clocked(content: bytes) -> bytes:
    """Return JSON without the times by the clock in it."""
    return json.dumps(_pruned(json.loads(content)), sort_keys=True).encode()


def _pruned(content: object) -> object:
    if isinstance(content, dict):
        return {name: _pruned(content[name]) for name in content if name not in _CLOCKED}
    return content


_PLAIN: dict[str, Callable[[bytes], bytes]] = {
    "history.csv": _without_seconds,
    "metrics.json": without_clocked,
    "valid.json": without_clocked,
    "environment.json": without_clocked,
}
