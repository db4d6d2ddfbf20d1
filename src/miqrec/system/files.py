"""Files and folders that appear whole or not at all."""

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, for a file or a folder; renamed to `path` if all went well.

    What was at `path` before stays until then, and stays for good if something goes wrong.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield partial
        _take_place(partial, path)
    finally:
        remove(partial)


def _take_place(new: Path, path: Path) -> None:
    """Rename `new` to `path`; a folder can't be replaced in one step, so an old one steps aside."""
    if not path.is_dir():
        new.replace(path)
        return
    old = new.with_name(f"{new.name}.old")
    path.replace(old)
    try:
        new.replace(path)
    except OSError:
        old.replace(path)
        raise
    shutil.rmtree(old)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON that a person can read, whole or not at all."""
    with replacing(path) as partial:
        partial.write_text(
            json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
