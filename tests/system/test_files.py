"""Files and folders appear whole or not at all."""

from pathlib import Path

import pytest

from miqrec.system.files import remove, replacing, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_the_place_of_the_old_one(tmp_path):
    (tmp_path / "a.txt").write_text("old")

    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"

    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_takes_the_place_of_the_old_one_with_nothing_left_of_that(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")

    with replacing(tmp_path / "model") as partial:
        partial.mkdir()
        (partial / "new.txt").write_text("new")

    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["new.txt"]


def test_when_writing_fails_the_old_one_stays_and_nothing_else(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")

    def write_half() -> None:
        with replacing(tmp_path / "model") as partial:
            partial.mkdir()
            (partial / "half.txt").write_text("ha")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()

    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["old.txt"]


def test_when_the_new_one_cannot_be_renamed_the_old_one_comes_back(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")

    with pytest.raises(FileNotFoundError), replacing(tmp_path / "model"):
        pass  # nothing was written

    assert names(tmp_path / "model") == ["old.txt"]


def test_json_is_readable_and_its_folder_is_made(tmp_path):
    write_json(tmp_path / "run" / "a.json", {"name": "Zürich"})

    assert (tmp_path / "run" / "a.json").read_text(encoding="utf-8") == '{\n  "name": "Zürich"\n}\n'


def test_removing_what_is_not_there_is_no_error(tmp_path):
    remove(tmp_path / "nothing")

    assert list(tmp_path.iterdir()) == []
