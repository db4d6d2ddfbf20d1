"""Fixtures that all tests share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from disks import mounted

os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(
    prefix="miqrec-tests-"
)  # not the person's own cache

SHARED = Path(os.environ.get("MIQREC_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real data sets: a test that needs it skips without it, and fails in CI."""
    if SHARED.is_dir():
        return SHARED
    reason = f"the real data sets are not at {SHARED}; set MIQREC_DATA to the folder that has them"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder with files that readers have stumbled over: a test that runs over it skips without it."""
    cases = SHARED.parent / "cases"
    if not cases.is_dir():
        pytest.skip(f"the files that readers stumbled over are not at {cases}")
    return cases


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for a mebibyte."""
    with mounted(tmp_path / "disk") as folder:
        yield folder


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
