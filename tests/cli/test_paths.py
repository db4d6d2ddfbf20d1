"""`miqrec paths`: a table on the terminal, a file and a figure in a folder, and clear refusals."""

import json
import os

import polars as pl
import pytest

from commands import miqrec
from miqrec import Recommender
from worlds import cycle, frame

QUICK = ["--epochs", "1", "--dim", "8", "--n-heads", "1", "--max-length", "6"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    frame(cycle()).write_csv(folder / "log.csv")
    frame(cycle()).with_columns(pl.col("item") + "?").write_csv(folder / "unknown.csv")
    for model in ("sasrec", "gru4rec"):
        options = QUICK if model == "sasrec" else QUICK[:2]
        done = miqrec(
            *("train", "--data", folder / "log.csv", "--model", model, "--out", folder / model),
            *options,
        )
        assert done.returncode == 0, done.stderr
    return folder


def test_a_folder_that_is_made_gets_a_table_and_a_figure(folder):
    out = folder / "new" / "paths"
    done = miqrec("paths", folder / "sasrec", "--draws", 1, "--out", out)

    assert done.returncode == 0, done.stderr
    table = pl.read_csv(out / "paths.csv")
    assert table["model"].unique().to_list() == ["sasrec"]
    unchanged = table.filter(blocks="every", clean="query + key-value + residual")
    assert unchanged["FRBO@10"].to_list() == pytest.approx([1])
    assert "the residuals" in (out / "paths.svg").read_text()


def test_the_same_seed_gives_the_same_numbers(folder):
    once, again = (
        json.loads(miqrec("paths", folder / "sasrec", "--draws", 1, "--json").stdout)
        for _ in range(2)
    )
    assert once == again
    assert len(once) == 23


def test_a_model_without_such_paths_is_refused(folder):
    done = miqrec("paths", folder / "gru4rec")

    assert done.returncode == 2
    assert "the paths of GRU4Rec are not known here" in done.stderr


def test_a_run_is_measured_once_however_often_it_is_named(folder):
    named = folder / "sasrec", folder / "gru4rec" / ".." / "sasrec", folder / "sasrec" / "artifact"
    done = miqrec("paths", *named, "--draws", 1, "--json")

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 23


def test_the_folder_of_a_system_stands_for_its_seeds(folder, tmp_path):
    for seed in (0, 1):
        options = ("--model", "sasrec", "--seed", seed, "--out", tmp_path / "runs" / f"seed-{seed}")
        done = miqrec("train", "--data", folder / "log.csv", *options, *QUICK)
        assert done.returncode == 0, done.stderr
    done = miqrec("paths", tmp_path / "runs", "--draws", 1, "--json")

    assert done.returncode == 0, done.stderr
    assert {row["seed"] for row in json.loads(done.stdout)} == {0, 1}


def test_histories_without_a_known_item_have_no_paths(folder):
    done = miqrec("paths", folder / "sasrec", "--data", folder / "unknown.csv")

    assert done.returncode == 2
    assert "no history has an item that the model knows" in done.stderr


def test_a_mixture_that_is_saved_with_the_model_is_said_to_have_no_part(folder, tmp_path):
    Recommender.load(folder / "sasrec").with_inference(mix=(0.6, 0.4)).save(tmp_path / "mixed")
    plain, mixed = (
        miqrec("paths", model, "--draws", 1, "--json")
        for model in (folder / "sasrec", tmp_path / "mixed")
    )
    assert mixed.stdout == plain.stdout
    told = "is used with a mixture of 2 answers; paths looks at the newest answer alone"
    assert told in mixed.stderr
    assert told not in plain.stderr


def test_a_folder_that_nobody_may_write_to_is_refused_before_the_work(tmp_path, monkeypatch):
    # root, as whom tests may run, may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    done = miqrec("paths", tmp_path / "nothing-to-load", "--out", tmp_path / "new" / "deeper")

    assert done.returncode == 2
    assert f"you may not write to {tmp_path}; choose another folder" in done.stderr
