"""An evening's work on a small shop, in Python and by commands."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template

import polars as pl
import pytest

from commands import miqrec

FOLDER = Path(__file__).parents[2] / "examples" / "shop"
SIZES = ("--shoppers", "300", "--items", "120", "--days", "45", "--bots", "2")
SHELL = (FOLDER / "evening.sh").read_text(encoding="utf-8")


def run(*words: object) -> str:
    command = [str(word) for word in words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shop"
    run(sys.executable, FOLDER / "generate.py", folder, *SIZES)
    return folder


@pytest.fixture
def shop(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "shop")


def check_lists(shop: Path, users: set[str]) -> None:
    """Everybody has a list of ten products at most, best first, all of them in stock."""
    lists = pl.read_parquet(shop / "lists.parquet")
    stock = pl.read_parquet(shop / "items.parquet").select("sku", "stock")
    shown = lists.join(stock, left_on="item", right_on="sku")
    ranks = lists.group_by("user").agg("rank")["rank"].to_list()

    assert set(lists["user"]) == users
    assert shown.height == lists.height
    assert shown["stock"].min() > 0
    assert all(ranked == list(range(1, len(ranked) + 1)) for ranked in ranks)
    assert max(map(len, ranks)) == 10


def test_an_evening_in_python_ends_in_lists_for_everybody_but_the_bots(shop):
    said = run(sys.executable, FOLDER / "evening.py", shop)

    shoppers = pl.read_parquet(shop / "truth" / "shoppers.parquet")
    check_lists(shop, set(shoppers.filter(~pl.col("is_bot"))["shopper_ref"]))
    assert "2 bots are left out" in said
    scores = pl.read_csv(shop / "scores.csv").filter(pl.col("model") == "sasrec")["HR@10"]
    assert scores.to_list() == sorted(scores, reverse=True)  # the nearer to use, the harder
    assert (shop / "model" / "model.safetensors").exists()


def hit_rate(run: Path) -> float:
    return json.loads((run / "metrics.json").read_text())["test"]["HR@10"]


def commands_of_the_shell_script() -> list[list[str]]:
    """The words of its `miqrec` commands, with the values of its variables in them."""
    values = dict(re.findall(r'^(\w+)="(.*)"$', SHELL, re.MULTILINE))
    lines = re.findall(r"^miqrec (.*)$", SHELL, re.MULTILINE)
    return [shlex.split(Template(line).substitute(values)) for line in lines]


def test_an_evening_by_commands_ends_in_lists_for_everybody(shop, monkeypatch):
    monkeypatch.chdir(shop)
    commands = commands_of_the_shell_script()

    for words in commands:
        done = miqrec(*words)
        assert done.returncode == 0, done.stderr
    run(sys.executable, FOLDER / "stock.py", "candidates.parquet", "items.parquet", "lists.parquet")

    assert [words[0] for words in commands] == ["train", "train", "recommend"]
    assert hit_rate(shop / "runs" / "leave-one-out") > hit_rate(shop / "runs" / "by-time")
    check_lists(shop, set(pl.read_parquet(shop / "truth" / "shoppers.parquet")["shopper_ref"]))


@pytest.mark.slow
def test_the_shell_script_runs_as_it_stands(shop, monkeypatch):
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", programs)

    run("sh", FOLDER / "evening.sh", shop)

    check_lists(shop, set(pl.read_parquet(shop / "truth" / "shoppers.parquet")["shopper_ref"]))
