"""A small disk of its own, where this process may mount one."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SMALL = 2**20
"""Bytes on a small disk."""


@contextmanager
def mounted(folder: Path, size: int = SMALL) -> Iterator[Path]:
    """Mount an empty disk of so many bytes at a folder; skip the test where only root may."""
    if shutil.which("mount") is None:
        pytest.skip("there is no mount here")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leave no room on the disk of a folder."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def make_read_only(folder: Path) -> None:
    """Let nothing more be written on a small disk."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
