"""`miqrec pretrain` and `miqrec train --init-from`, as typed."""

import json
from pathlib import Path

import polars as pl
import pytest

from commands import miqrec
from worlds import cycle, frame

QUICK = [
    "--epochs",
    "2",
    "--dim",
    "16",
    "--n-heads",
    "1",
    "--n-layers",
    "1",
    "--max-length",
    "10",
    "--batch-size",
    "64",
]
MODEL = ["--model", "miq-s3rec", "--window", "3"]


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "log.csv"
    frame(cycle()).write_csv(path)
    return path


@pytest.fixture(scope="module")
def items(log) -> Path:
    path = log.with_name("items.json")
    names = cycle().catalogue.frame["item"].to_list()
    path.write_text(json.dumps({name: [f"tens {name[-2]}"] for name in names}))
    return path


def test_pretraining_then_training(log, items, tmp_path):
    data = ["--data", log, "--items", items]
    code, out, err = miqrec("pretrain", *data, *MODEL, "--out", tmp_path / "pre", *QUICK)
    assert code == 0, err
    assert "epoch 2: loss " in out
    code, out, err = miqrec(
        "train", *data, *MODEL, "--init-from", tmp_path / "pre", "--out", tmp_path / "run", *QUICK
    )
    assert code == 0, err
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["init_from"]["folder"] == str(tmp_path / "pre")
    code, _, err = miqrec("train", "--resume", "--out", tmp_path / "run")
    assert code == 0, err


def test_json_for_machines(log, items, tmp_path):
    _, out, _ = miqrec(
        "pretrain", "--data", log, "--items", items, "--out", tmp_path / "pre", "--json", *QUICK
    )
    printed = json.loads(out)
    assert printed["config"]["model"]["name"] == "s3rec"
    last = pl.read_csv(tmp_path / "pre" / "history.csv").row(-1, named=True)
    assert printed["last"] == last


def test_without_attributes_there_is_a_warning(log, tmp_path):
    code, _, err = miqrec("pretrain", "--data", log, "--out", tmp_path / "pre", *QUICK)
    assert code == 0, err
    assert "warning: no item has attributes" in err


def test_every_setting_is_an_option():
    _, shown, _ = miqrec("pretrain", "--help")
    for option in ("--mask-share", "--sp-weight", "--prefixes", "--epochs", "--dim", "--min-user"):
        assert option in shown
    assert "--patience" not in shown


WRONG = {
    "a model that is not pre-trained": ["pretrain", "--data", "{log}", "--model", "sasrec"],
    "a setting of training": ["pretrain", "--data", "{log}", "--model", "s3rec", "--window", "3"],
    "a value out of range": ["pretrain", "--data", "{log}", "--mask-share", "1"],
    "nothing to start from": ["train", "--data", "{log}", "--init-from", "{log}"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_one_sentence_and_exit_code_2(log, tmp_path, arguments):
    filled = [argument.format(log=log) for argument in arguments]
    code, _, err = miqrec(*filled, "--out", tmp_path / "new")
    assert code == 2
    *reports, error = err.splitlines()
    assert error.startswith("error: ")
    assert all(report.startswith("read ") for report in reports)  # which columns were taken
    assert not (tmp_path / "new").exists()
