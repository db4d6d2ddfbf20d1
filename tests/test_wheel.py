"""The wheel, in an environment of its own: all that it needs is in it, and nothing of it lies elsewhere."""

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
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

    def run(program: str, *arguments: object, cwd: Path = home) -> str:
        return _done(home / "bin" / program, *arguments, cwd=cwd)

    return run


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


LOG = "shopper,sku,at\n" + "".join(
    f"s{shopper},item {(shopper + step) % 25},{step}\n"
    for shopper in range(30)
    for step in range(6)
)


def section(title: str) -> str:
    """A section of the README."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def python_of(title: str) -> str:
    """The Python code of a section, with an epoch instead of twelve."""
    blocks = re.findall(r"```python\n(.*?)```", section(title), re.DOTALL)
    return "\n".join(blocks).replace("epochs=12", "epochs=1")


@pytest.mark.slow
def test_the_readme_s_first_examples_run_from_the_wheel(run, tmp_path):
    (tmp_path / "log.csv").write_text(LOG)
    frame = "import polars; frame = polars.read_csv('log.csv')"
    commands = re.findall(r"^    miqrec (.*)$", section("Your own data"), re.MULTILINE)

    run(
        "python",
        "-c",
        f"{python_of('Try it')}\n{frame}\n{python_of('Your own data')}",
        cwd=tmp_path,
    )
    for words in commands:
        run("miqrec", *shlex.split(words), cwd=tmp_path)

    assert [words.split()[0] for words in commands] == ["train", "recommend"]
    assert (tmp_path / "model" / "model.safetensors").exists()
    assert (tmp_path / "lists.parquet").exists()


@pytest.mark.slow
def test_models_are_trained_compared_and_reported_on_from_the_wheel(run, tmp_path):
    sizes = ("--epochs", "2", "--dim", "16", "--max-length", "20")
    for model in ("sasrec", "miq-sasrec"):
        words = ("--data", "demo", "--model", model, "--out", f"runs/{model}")
        run("miqrec", "train", *words, *sizes, cwd=tmp_path)
    run("miqrec", "report", "runs/sasrec", "--out", "report.html", cwd=tmp_path)

    said = run("miqrec", "compare", "runs/sasrec", "runs/miq-sasrec", cwd=tmp_path)

    assert "difference" in said
    assert "<html" in (tmp_path / "report.html").read_text()


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
