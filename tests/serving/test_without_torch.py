"""An installation without PyTorch: what works, and what says how to get it."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys

for package in ("torch", "lightning"):
    sys.modules[package] = None  # as if it were not installed
"""
REMEDY = "this needs torch, which is not installed: pip install 'miqrec[torch]'"


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_library_is_imported_and_names_what_is_missing():
    done = python("""
import miqrec
from miqrec import MiqrecError
from miqrec.data import open_dataset

try:
    miqrec.Recommender
except MiqrecError as error:
    print(error)
""")
    assert done.stdout.strip() == REMEDY, done.stderr


@pytest.mark.parametrize("words", [("evaluate", "runs/miq"), ("serve", "runs/miq")])
def test_a_command_that_needs_it_says_so(words):
    done = python("from miqrec.cli import main; main()", *words)
    assert done.returncode == 2
    assert REMEDY in " ".join(done.stderr.split())


def test_commands_that_do_not_need_it_work():
    done = python("from miqrec.cli import main; main()", "datasets")
    assert done.returncode == 0, done.stderr
    assert "ml-1m" in done.stdout


def test_an_exported_model_is_served(exported):
    done = python(
        """
from pathlib import Path
from starlette.testclient import TestClient
from miqrec.serving import Settings, create_app

with TestClient(create_app(Settings(artifact=Path(sys.argv[1])))) as client:
    history = ["item 03", "item 04", "item 05"]
    answer = client.post("/recommend", json={"histories": [history], "k": 1})
    print(answer.json()["lists"][0]["items"][0]["item"])
    print(client.post("/explain", json={"history": history}).json()["error"]["code"])
print("torch" in {name for name, module in sys.modules.items() if module})
""",
        exported,
    )
    assert done.stdout.split("\n")[:3] == ["item 06", "needs_torch", "False"], done.stderr
