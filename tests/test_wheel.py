"""The wheel, in an environment of its own: all that it needs is in it, and nothing of it lies elsewhere."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
Run = Callable[..., str]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    _done(sys.executable, "-m", "pip", "wheel", "--quiet", *options, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def run(wheel, tmp_path_factory) -> Run:
    """Runs one of the programs of an environment that has the wheel, and what it depends on, alone."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    options = ("--no-deps", "--no-index", "--quiet")
    _done(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel)
    own = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    # A folder that a .pth names is searched, but the .pth in it are not read: no editable install counts.
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    (own / "dependencies.pth").write_text("\n".join(dependencies))
    return lambda program, *arguments: _done(home / "bin" / program, *arguments, cwd=home)


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    source = ROOT / "src"
    files = (path for path in (source / "miqrec").rglob("*") if path.is_file())
    there = {str(path.relative_to(source)) for path in files if path.suffix != ".pyc"}

    assert packed == there
    assert {Path(name).suffix for name in packed} >= {".py", ".toml", ".html", ".css", ".typed"}


def test_the_commands_work_from_the_wheel(run):
    assert "recommend" in run("miqrec", "--help")


def test_the_library_and_its_recipes_come_from_the_wheel(run):
    names = "CausalSelfAttention, MiqrecError, MultiItemQueryAttention, QueryWeights, Recommender"
    code = (
        f"import miqrec; from miqrec import {names}; print(miqrec.__file__)\n"
        "from miqrec.experiments.studies.recipe_files import study_names; print(study_names())"
    )

    where, recipes = run("python", "-c", code).splitlines()

    assert Path(where).parents[1].name == "site-packages"
    assert ROOT not in Path(where).parents
    assert "table2-ml-1m" in recipes


@pytest.mark.slow
def test_models_are_trained_used_compared_and_reported_on_from_the_wheel(run):
    sizes = ("--epochs", "2", "--dim", "16", "--max-length", "20")
    for model in ("sasrec", "miq-sasrec"):
        run("miqrec", "train", "--data", "demo", "--model", model, *sizes, "--out", f"runs/{model}")
    lists = run(
        "miqrec", "recommend", "runs/miq-sasrec", "--user", "user-0001", "--k", "3", "--json"
    )
    run("miqrec", "report", "runs/sasrec", "--out", "report.html")

    assert lists.count('"source": "model"') == 3
    assert "difference" in run("miqrec", "compare", "runs/sasrec", "runs/miq-sasrec")


def _done(*command: object, cwd: Path | None = None) -> str:
    """What a command prints; it must end well, with nothing of ours on its path."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=kept,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
