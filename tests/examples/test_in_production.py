"""The page on production: all of its commands, as one reader types them, for a smaller shop."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from debian import program
from miqrec.serving.store import open_store

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "in-production.md").read_text(encoding="utf-8")
SMALL = "generate.py shop --shoppers 300 --items 120 --days 45 --bots 2"
QUICK = "--epochs 1 --dim 16"


def script(port: int) -> str:
    """The commands of the page, with a shop and a model that take seconds, and a port that is free."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = "\n".join(["set -eu", "trap 'kill $!' EXIT", *blocks])
    small = commands.replace("generate.py shop", SMALL).replace("--epochs 8", QUICK)
    return small.replace(":8000", f":{port}").replace("--port 8000", f"--port {port}")


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> tuple[Path, str]:
    """The folder in which the commands ran, and what they printed."""
    folder = tmp_path_factory.mktemp("production")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "bin").mkdir()
    for name, words in {"python": "", "miqrec": "-m miqrec"}.items():
        command = folder / "bin" / name
        command.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        command.chmod(0o755)
    program("curl", "curl")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    done = subprocess.run(
        ["bash", "-c", f"PATH={folder / 'bin'}:$PATH\n{script(port)}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder, done.stdout


pytestmark = [pytest.mark.slow, pytest.mark.debian]


def test_every_event_that_was_sent_is_in_the_store(said):
    folder, _ = said
    history, today = (
        pl.read_parquet(folder / f"shop/{name}.parquet") for name in ("history", "today")
    )
    with open_store(f"sqlite:///{folder / 'events.db'}") as store:
        n_events = sum(map(len, store.histories(list(store.users()))))

    assert n_events == history.height + today.height


def test_lists_are_of_what_was_asked_for_and_change_with_what_happens(said):
    folder, text = said
    before, after = re.findall(r'"lists":(\[.*\])}', text)
    items = pl.read_parquet(folder / "shop/items.parquet")
    for answer in (before, after):
        shown = items.filter(pl.col("sku").is_in(re.findall(r'"item":"([^"]+)"', answer)))
        assert set(shown["category"]) <= {"lighting", "office"}
        assert shown["stock"].min() >= 1
        assert shown["price"].max() <= 100
    assert before != after


def test_the_update_answers_in_place_of_the_model_before(said):
    _, text = said
    versions = re.findall(r'"status":"ready","model":\{"model":"\w+","version":"(\w+)"', text)

    assert versions[0] != versions[-1]
