"""Programs of Debian's packages: a test that needs one skips without it, and fails in CI."""

import os
import shutil
from pathlib import Path

import pytest


def program(name: str, package: str, *folders: Path) -> str:
    """Return the path of a program, which is looked for in these folders first.

    Mark what calls it by `pytest.mark.debian`.
    """
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    if found := shutil.which(name, path=path):
        return found
    reason = f"there is no {name} here: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
