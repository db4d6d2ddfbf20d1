"""The variants that were tried: found by their names, trained by the recipe, and held to their formulas."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "examples" / "variants"
MODELS = ("miq-pooled-residual", "miq-masked-window", "second-query")


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """An environment in which the package is installed."""
    site = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--target", str(site))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(PACKAGE)], check=True)
    path = os.pathsep.join([str(site), *filter(None, sys.path)])
    return os.environ | {"PYTHONPATH": path, "COLUMNS": "200"}


def run(environment: dict[str, str], command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("data", ["lastfm", "beauty", "ml-1m"])
def test_each_recipe_names_the_variants(environment, tmp_path, data):
    recipe = PACKAGE / "recipes" / f"{data}.toml"
    command = f"miqrec reproduce {recipe} --dry-run --out {tmp_path}"
    shown = run(environment, command)
    assert all(model in shown for model in MODELS)


def test_each_does_what_its_formula_says(environment):
    formulas = "window_s_inputs or as_many_queries or second_query_asks"
    command = f"pytest -q -p no:cacheprovider {PACKAGE / 'tests'} -k '{formulas}'"
    assert "3 passed" in run(environment, command)


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_a_variant_is_trained_by_its_name_and_recommends(environment, tmp_path, model):
    sizes = "--dim 16 --max-length 20 --window 3 --epochs 1"
    run(environment, f"miqrec train --data demo --model {model} {sizes} --out {tmp_path / 'run'}")
    shown = run(environment, f"miqrec recommend {tmp_path / 'run'} --user user-0001")
    assert "user-0001" in shown


@pytest.mark.slow
def test_each_passes_the_tests_of_every_model(environment):
    run(environment, f"pytest -q -p no:cacheprovider {PACKAGE / 'tests'}")
