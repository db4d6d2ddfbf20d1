"""`miqrec export`: one file, what it says, and what it refuses."""

import pytest
import torch

from commands import miqrec
from miqrec import Recommender
from miqrec.testing.frames import circle


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "model"
    Recommender.fit(circle(60, 20, 12), model="popularity").save(folder)
    return folder


def test_a_program_and_a_line_that_says_what_it_holds(saved, tmp_path):
    path = tmp_path / "model.pt2"

    done = miqrec("export", saved, "--format", "torch", "--out", path)

    assert done.returncode == 0
    assert "popularity with 20 items, lists of 20" in done.stderr
    history = torch.tensor([[4, 5, 6]])
    ids = torch.export.load(path).module()(history, torch.tensor([3]), history)[0]
    assert ids.shape == (1, 20)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--mix", "0.6 0.4"], "nothing to mix"),
        (["--format", "pickle"], "pickle"),
        (["--k", "0"], "greater than or equal to 1"),
    ],
)
def test_what_can_not_be_exported_is_refused_and_nothing_is_written(
    saved, tmp_path, options, sentence
):
    done = miqrec("export", saved, "--out", tmp_path / "model.onnx", *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_replaced_by_a_file(saved, tmp_path):
    done = miqrec("export", saved, "--format", "torch", "--out", tmp_path)
    assert done.returncode == 2
    assert "is a folder" in done.stderr
