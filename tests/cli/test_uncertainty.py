"""`miqrec uncertainty`: tables on the terminal, files and a figure in a folder, and clear refusals."""

import json

import polars as pl
import pytest

from commands import miqrec
from miqrec.experiments.formatting import NOTHING
from worlds import cycle, frame

QUICK = ["--epochs", "1", "--dim", "8", "--n-heads", "1", "--max-length", "6"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uncertainty")
    for name, dataset in {"log": cycle(), "other": cycle(n_users=60)}.items():
        frame(dataset).write_csv(folder / f"{name}.csv")
    frame(cycle()).with_columns(pl.col("item") + "?").write_csv(folder / "unknown.csv")
    runs = (("log", 0), ("log", 1), ("other", 0))
    for name, seed in runs:
        options = ("--model", "sasrec", "--seed", seed, *QUICK)
        done = miqrec(
            *("train", "--data", folder / f"{name}.csv", "--out", folder / name / f"seed-{seed}"),
            *options,
        )
        assert done.returncode == 0, done.stderr
    return folder


def judged(*arguments):
    done = miqrec("uncertainty", *arguments, "--draws", 1, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_folder_of_a_system_gets_three_tables_and_a_figure(folder):
    out = folder / "new" / "uncertainty"
    done = miqrec("uncertainty", folder / "log", "--draws", 1, "--out", out)

    assert done.returncode == 0, done.stderr
    signals = pl.read_csv(out / "signals.csv")
    assert signals["seed"].unique().sort().to_list() == [0, 1]
    assert {"entropy", "disagreement", "ensemble"} <= set(signals["signal"])
    calibration = pl.read_csv(out / "calibration.csv")
    assert calibration["scaling"].to_list() == ["before", "after"] * 2
    assert calibration.filter(scaling="before")["temperature"].to_list() == [1, 1]
    assert pl.read_csv(out / "lists.csv")["coverage"].is_between(0, 1).all()
    assert (
        f"written: signals.csv, calibration.csv, lists.csv and uncertainty.svg in {out}"
        in done.stderr
    )
    assert "disagreement of seeds" in (out / "uncertainty.svg").read_text()


def test_tables_are_explained_and_what_is_undefined_is_a_dash(folder):
    done = miqrec("uncertainty", folder / "log/seed-0", "--draws", 1, "--k", 5, "--coverage", 0.8)

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (nothing,) = [line.split() for line in lines if " none " in line and "0.5" in line]
    assert nothing[-1] == NOTHING  # no correlation with what says nothing
    assert "None" not in done.stdout
    for explained in (
        "AUROC: how likely a list that hits is surer than one that misses",
        "said: how likely lists of 5 are to hold the next item, by the model; hit: how often they do",
        "validation chose for a coverage of 0.8",
    ):
        assert explained in " ".join(done.stdout.split())


def test_what_is_undefined_is_null_for_machines(folder):
    """Lists of the whole catalogue but one always hit, so no signal tells hits from misses."""
    signals = judged(folder / "log/seed-0", "--k", 19)["signals"]
    assert {row["AUROC"] for row in signals} == {None}


def test_one_seed_has_no_ensemble(folder):
    signals = judged(folder / "log/seed-0", "--mix", "0.6 0.4")["signals"]

    assert [row["signal"] for row in signals] == [
        *("none", "entropy", "margin", "list_probability", "disagreement"),
    ]


def test_a_run_that_is_named_twice_is_one_seed(folder):
    run = folder / "log/seed-0"
    assert judged(run, folder / "log/../log/seed-0", run / "artifact") == judged(run)


def test_a_mixture_of_scores_without_probabilities_gets_its_temperature_here(folder):
    typed = ("train", "--data", folder / "log.csv", "--model", "sasrec", "--loss", "bce", *QUICK)
    assert miqrec(*typed, "--out", folder / "bce").returncode == 0

    before, after = judged(folder / "bce", "--mix", "0.6 0.4")["calibration"]
    assert before["temperature"] == 1 != after["temperature"]


def test_a_model_that_only_counts_has_no_softmax(folder):
    typed = ("train", "--data", folder / "log.csv", "--model", "popularity")
    assert miqrec(*typed, "--out", folder / "popularity").returncode == 0
    done = miqrec("uncertainty", folder / "popularity")

    assert done.returncode == 2
    assert "softmax of a model's scores, and popularity has none; give a model" in done.stderr


def test_models_of_different_data_make_no_system(folder):
    done = miqrec("uncertainty", folder / "log/seed-0", folder / "other", "--draws", 1)

    assert done.returncode == 2
    assert "no seeds of one system: they differ in data; give runs that differ" in done.stderr


def test_histories_without_a_known_item_have_nothing_to_judge(folder):
    done = miqrec("uncertainty", folder / "log/seed-0", "--data", folder / "unknown.csv")

    assert done.returncode == 2
    assert "no history has an item that the model knows" in done.stderr


def test_a_handful_of_users_is_too_few_to_judge(folder):
    few = cycle(n_users=7)
    frame(few).write_csv(folder / "few.csv")
    done = miqrec("uncertainty", folder / "log/seed-0", "--data", folder / "few.csv")

    assert done.returncode == 2
    assert "7 test histories have an item that the model knows, too few to judge" in done.stderr
    frame(cycle(n_users=10)).write_csv(folder / "ten.csv")
    judged(folder / "log/seed-0", "--data", folder / "ten.csv")


@pytest.mark.parametrize("command", ["uncertainty", "paths"])
def test_a_file_in_the_place_of_the_folder_is_refused_before_the_work(folder, command):
    done = miqrec(command, folder / "nothing-to-load", "--out", folder / "log.csv" / "out")

    assert done.returncode == 2
    assert f"{folder / 'log.csv'} is a file, and --out names a folder" in done.stderr


def test_lists_longer_than_the_catalogue_are_refused(folder):
    done = miqrec("uncertainty", folder / "log/seed-0", "--k", 21)

    assert done.returncode == 2
    assert "k is 21, but the catalogue has 20 items" in done.stderr
