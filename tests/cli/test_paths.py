"""`miqrec paths`: a table on the terminal, a file and a figure in a folder, and clear refusals."""

import json

import polars as pl
import pytest

from commands import miqrec
from worlds import cycle, frame

QUICK = ["--epochs", "1", "--dim", "8", "--n-heads", "1", "--max-length", "6"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    frame(cycle()).write_csv(folder / "log.csv")
    for model in ("sasrec", "gru4rec"):
        options = QUICK if model == "sasrec" else QUICK[:2]
        done = miqrec(
            *("train", "--data", folder / "log.csv", "--model", model, "--out", folder / model),
            *options,
        )
        assert done.returncode == 0, done.stderr
    return folder


def test_a_folder_gets_a_table_and_a_figure(folder):
    done = miqrec("paths", folder / "sasrec", "--draws", 1, "--out", folder)

    assert done.returncode == 0, done.stderr
    table = pl.read_csv(folder / "paths.csv")
    assert table["model"].unique().to_list() == ["sasrec"]
    unchanged = table.filter(blocks="every", clean="query + key-value + residual")
    assert unchanged["FRBO@10"].to_list() == pytest.approx([1])
    assert "the residuals" in (folder / "paths.svg").read_text()


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
