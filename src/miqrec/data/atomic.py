"""Folders that are there whole or not at all."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """Gives an empty folder to write in, and renames it to `folder` when the block succeeds.

    What was at `folder` before is replaced; when the block fails it stays as it was, and nothing
    half-written is left.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
    temporary.mkdir()
    try:
        yield temporary
        _replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(new: Path, folder: Path) -> None:
    """Renames `new` to `folder`; a folder that is not empty cannot be replaced in one step."""
    if not folder.exists():
        os.replace(new, folder)
        return
    old = new.with_name(new.name + ".old")
    os.replace(folder, old)
    try:
        os.replace(new, folder)
    except OSError:
        os.replace(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
