"""The example package, installed as its users install it, and every command of its README."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from commands import miqrec

PACKAGE = Path(__file__).parents[2] / "examples" / "gated-attention"
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
QUICK = ("--epochs", "1", "--dim", "16", "--max-length", "20")
"""Typed last, so that it counts."""


class Place(NamedTuple):
    """A folder to work in, and an environment in which the package is installed."""

    folder: Path
    environment: dict[str, str]

    def run(self, *words: object) -> str:
        """Run a command in a process of its own: packages are looked up once in a process."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    site = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--target", site)
    pip = (sys.executable, "-m", "pip", "install", *options, PACKAGE)
    subprocess.run([str(word) for word in pip], check=True)
    path = os.pathsep.join([str(site), *filter(None, sys.path)])
    folder = tmp_path_factory.mktemp("work")
    (folder / "recipe.toml").write_text((PACKAGE / "recipe.toml").read_text())
    return Place(folder, os.environ | {"PYTHONPATH": path, "COLUMNS": "200"})


def commands(section: str) -> list[list[str]]:
    """The words of the commands in a section of the README."""
    text = README.split(f"**{section}**")[1].split("\n**")[0]
    block = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line) for line in block[1].splitlines()]


@pytest.fixture(scope="module")
def trained(place) -> Path:
    train, recommend = commands("From the command line")
    place.run(sys.executable, "-m", *train, *QUICK)
    assert "user-0001" in place.run(sys.executable, "-m", *recommend)
    return place.folder / "runs" / "gated"


def test_a_trained_model_has_the_settings_that_were_typed(trained):
    config = (trained / "config.json").read_text()

    assert '"name": "gated-sasrec"' in config
    assert '"gate_scale": 1.5' in config


def test_a_saved_model_is_not_loaded_without_its_package_and_a_sentence_says_so(trained):
    done = miqrec("evaluate", trained)

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert (
        f"{trained / 'artifact' / 'config.json'}: there is no model 'gated-sasrec'" in done.stderr
    )
    assert "install and import the package that registers it" in done.stderr


def test_the_python_of_the_readme_runs(place):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    quick = code.replace("dim=32", "dim=16, max_length=20").replace("epochs=3", "epochs=1")

    assert "gate_scale=1.5" in place.run(sys.executable, "-c", quick)


def test_the_recipe_of_the_readme_is_trained(place):
    train = commands("In an experiment")[0]

    assert "gated-sasrec" in place.run(sys.executable, "-m", *train, *QUICK)


@pytest.mark.slow
def test_the_experiment_of_the_readme_is_run_and_reported_on(place):
    _, reproduce, report = commands("In an experiment")
    place.run(sys.executable, "-m", *reproduce)
    place.run(sys.executable, "-m", *report)

    assert "SASRec with gates" in (place.folder / "report.html").read_text()


def test_the_setting_is_an_option_with_its_docstring(place):
    shown = place.run(sys.executable, "-m", "miqrec", "train", "--help")

    assert "--gate-scale" in shown
    assert "with 2 the gates are 1 on average before training" in " ".join(shown.split())


def test_it_passes_the_suite(place):
    """Run by pytest as its author runs it."""
    pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", PACKAGE / "tests")

    assert re.search(r"^\d+ passed", place.run(*pytest), re.MULTILINE)
