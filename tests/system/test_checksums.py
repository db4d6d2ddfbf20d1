"""JSON files with checksums of themselves and of files beside them."""

import json

import pytest

from miqrec.config import Config
from miqrec.errors import MiqrecError
from miqrec.system.checksums import read_checked, with_checksums
from miqrec.system.files import write_json


class Scores(Config):
    hit_ratio: float


@pytest.fixture
def path(tmp_path):
    ranks = tmp_path / "ranks.csv"
    ranks.write_text("1\n2\n")
    write_json(tmp_path / "scores.json", with_checksums({"hit_ratio": 0.25}, "scores.json", ranks))
    return tmp_path / "scores.json"


def read(path):
    return read_checked(path, Scores, "a run's", "restore it")


def test_what_was_written_is_read(path):
    assert read(path) == Scores(hit_ratio=0.25)


def test_how_it_is_laid_out_is_no_matter(path):
    path.write_text(json.dumps(json.loads(path.read_text()), indent=7))

    assert read(path) == Scores(hit_ratio=0.25)


def test_another_number_is_refused(path):
    path.write_text(path.read_text().replace("0.25", "0.35"))

    with pytest.raises(MiqrecError, match=r"scores\.json is damaged or was altered; restore it$"):
        read(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda ranks: ranks.write_text("2\n1\n"), r"ranks\.csv is damaged or was altered"),
        (lambda ranks: ranks.unlink(), r"ranks\.csv can't be read: No such file"),
    ],
    ids=["altered", "missing"],
)
def test_a_file_beside_it_that_is_not_what_it_was_is_refused(path, change, sentence):
    change(path.with_name("ranks.csv"))

    with pytest.raises(MiqrecError, match=sentence):
        read(path)


def test_a_file_of_before_there_were_checksums_is_read(path):
    path.write_text('{"hit_ratio": 0.5}')

    assert read(path) == Scores(hit_ratio=0.5)
