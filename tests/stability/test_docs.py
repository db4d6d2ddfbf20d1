"""The page on stability: its commands and its code run, in their order."""

import re
import shlex
from pathlib import Path

import pytest

from commands import miqrec
from miqrec import Recommender
from worlds import cycle, frame

PAGE = (Path(__file__).parents[2] / "docs" / "stability.md").read_text(encoding="utf-8")
SIZES = "--dim 16 --n-layers 1 --max-length 10 --epochs 1"


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Path:
    """A folder with a model where `make demo` puts it, and a log."""
    monkeypatch.chdir(tmp_path)
    frame(cycle()).write_csv("log.csv")
    done = miqrec(*shlex.split(f"train --data demo --model sasrec {SIZES} --out runs/demo/sasrec"))
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_commands_and_the_code_of_the_page_run(shop):
    printed = ""
    for command in re.findall(r"^    miqrec (.+)$", PAGE, re.MULTILINE):
        sizes = SIZES if command.startswith("train") else ""
        done = miqrec(*shlex.split(f"{command} {sizes}"))
        assert done.returncode == 0, done.stderr
        printed += done.stdout
    assert re.search(
        r"what users truly want\n.*?\| sasrec( \| \.\d{3}){2} \| .\.\d{3} ± ", printed, re.DOTALL
    )
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(code, "stability.md", "exec"), {})
    assert Recommender.load("runs/steady").artifact.config.inference.mix == (0.6, 0.4)
    assert Recommender.load("runs/mixture").artifact.config.training.answers == 10
