"""`miqrec uncertainty`: tables on the terminal, files and a figure in a folder, and clear refusals."""

import json

import polars as pl
import pytest

from commands import miqrec
from worlds import cycle, frame

QUICK = ["--epochs", "1", "--dim", "8", "--n-heads", "1", "--max-length", "6"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uncertainty")
    for name, dataset in {"log": cycle(), "other": cycle(n_users=60)}.items():
        frame(dataset).write_csv(folder / f"{name}.csv")
    runs = (("log", 0), ("log", 1), ("other", 0))
    for name, seed in runs:
        options = ("--model", "sasrec", "--seed", seed, *QUICK)
        done = miqrec(
            *("train", "--data", folder / f"{name}.csv", "--out", folder / f"{name}-{seed}"),
            *options,
        )
        assert done.returncode == 0, done.stderr
    return folder


def test_a_folder_gets_three_tables_and_a_figure(folder):
    seeds = folder / "log-0", folder / "log-1"
    done = miqrec("uncertainty", *seeds, "--draws", 1, "--out", folder)

    assert done.returncode == 0, done.stderr
    signals = pl.read_csv(folder / "signals.csv")
    assert signals["seed"].unique().sort().to_list() == [0, 1]
    assert {"entropy", "disagreement", "ensemble"} <= set(signals["signal"])
    calibration = pl.read_csv(folder / "calibration.csv")
    assert calibration.height == 2 * 2  # before and after the temperature
    assert pl.read_csv(folder / "lists.csv")["coverage"].is_between(0, 1).all()
    assert "disagreement of seeds" in (folder / "uncertainty.svg").read_text()


def test_one_seed_has_no_ensemble(folder):
    done = miqrec("uncertainty", folder / "log-0", "--draws", 1, "--mix", "0.6 0.4", "--json")

    signals = json.loads(done.stdout)["signals"]
    assert [row["signal"] for row in signals] == [
        *("none", "entropy", "margin", "list_probability", "disagreement"),
    ]


def test_models_of_different_data_make_no_system(folder):
    done = miqrec("uncertainty", folder / "log-0", folder / "other-0", "--draws", 1)

    assert done.returncode == 2
    assert "the models were trained on other data" in done.stderr


@pytest.mark.parametrize("command", ["uncertainty", "paths"])
def test_a_folder_that_is_not_there_is_said_before_the_work(folder, command):
    done = miqrec(command, folder / "log-0", "--out", folder / "nowhere")

    assert done.returncode == 2
    assert "does not exist; make it first" in done.stderr


def test_lists_longer_than_the_catalogue_are_refused(folder):
    done = miqrec("uncertainty", folder / "log-0", "--k", 21)

    assert done.returncode == 2
    assert "k is 21, but the catalogue has 20 items" in done.stderr
