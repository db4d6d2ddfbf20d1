"""Which runs a path holds, wherever they are kept."""

import json
import shutil

import polars as pl
import pytest

from miqrec.errors import MiqrecError
from miqrec.experiments.archive.packing import pack_study
from miqrec.experiments.archive.read import find_studies, is_begun, read_run, read_runs
from studies import compared, without_questions, write_run, write_study


def keys(path) -> list[tuple[str, int]]:
    return [(run.system, run.seed) for run in read_runs(path).finished]


@pytest.mark.parametrize("place", ["miq/seed-3", "miq-3", "miq"])
def test_a_run_belongs_to_the_system_that_its_folder_is_called_after(tmp_path, place):
    write_run(tmp_path / place, [1, 2], seed=3)

    assert keys(tmp_path) == [("miq", 3)]


def test_the_path_may_be_a_run_itself(tmp_path):
    folder = write_run(tmp_path / "miq", [1, 2])

    (run,) = read_runs(folder).finished
    assert (run.system, run.seed, run.folder) == ("miq", 0, folder)


def test_saved_models_and_pretrainings_are_no_runs(tmp_path):
    for name, content in (("artifact", {"format": 1}), ("pre", {"pretraining": {}})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(content))

    with pytest.raises(MiqrecError, match="there are no runs in"):
        read_runs(tmp_path)


def test_the_same_system_and_seed_twice_is_refused(tmp_path):
    write_run(tmp_path / "miq-0", [1, 2])
    write_run(tmp_path / "miq" / "seed-0", [1, 2])

    with pytest.raises(MiqrecError, match="same system with the same seed; take one of them away"):
        read_runs(tmp_path)


def test_what_is_not_finished_is_told_apart(tmp_path):
    folder = compared(tmp_path / "study", seeds=2)
    (folder / "miq" / "seed-1" / "metrics.json").unlink()

    runs = read_runs(folder)

    assert [run[:2] for run in runs.unfinished] == [("miq", 1)]
    assert (runs.systems(), runs.seeds()) == (["miq", "sasrec"], [0, 1])


def test_packed_runs_and_folders_beside_them_are_read_as_one(tmp_path):
    folder = compared(tmp_path / "study", seeds=3)
    before = read_runs(folder).finished
    shutil.move(folder / "miq" / "seed-2", tmp_path / "kept")
    pack_study(folder)
    shutil.move(tmp_path / "kept", folder / "miq" / "seed-2")

    after = read_runs(folder).finished

    assert keys(folder) == [("miq", 0), ("miq", 1), ("miq", 2), *(("sasrec", n) for n in range(3))]
    for old, new in zip(before, after, strict=True):
        assert old[:-2] == new[:-2]
        assert old.history.equals(new.history)
        assert old.ranks.equals(new.ranks)


def test_a_packed_run_is_found_by_its_folder_and_its_system_by_that_folder(tmp_path, monkeypatch):
    folder = compared(tmp_path / "study", seeds=2)
    pack_study(folder)

    assert read_run(folder / "miq" / "seed-1")[:3] == ("miq", 1, folder / "miq" / "seed-1")
    assert keys(folder / "miq") == [("miq", 0), ("miq", 1)]
    monkeypatch.chdir(folder)
    assert read_run(folder.relative_to(folder) / "miq" / "seed-1")[:2] == ("miq", 1)


@pytest.mark.parametrize("place", ["miq/seed-7", "nobody/seed-0", "miq/seed-0/artifact"])
def test_a_run_that_is_neither_packed_nor_a_folder_is_one_sentence(tmp_path, place):
    folder = compared(tmp_path / "study", seeds=1)
    pack_study(folder)

    with pytest.raises(MiqrecError, match=f"{place} is not a run: it has no config.json"):
        read_run(folder / place)
    with pytest.raises(MiqrecError, match=f"there are no runs in .*{place}"):
        read_runs(folder / place)


def test_a_run_that_is_packed_and_a_folder_too_says_what_to_do(tmp_path):
    folder = compared(tmp_path / "study", seeds=1)
    shutil.copytree(folder / "miq", tmp_path / "kept")
    pack_study(folder)
    shutil.move(tmp_path / "kept", folder / "miq")

    with pytest.raises(MiqrecError, match=r"is in the pack .* too; run `miqrec pack` again"):
        read_runs(folder)


def test_old_ranks_have_a_question_a_user_and_new_ones_keep_theirs(tmp_path):
    old, new = (write_run(tmp_path / name, [5, 6, 7]) for name in ("old", "new"))
    without_questions(old)
    questions = {"question": [2, 0, 1], "user": [1, 0, 1], "target": [9, 8, 7], "rank": [5, 6, 7]}
    pl.DataFrame(questions).write_parquet(new / "ranks.parquet")

    assert read_run(old).ranks.rows() == [(0, 0, 1, 5), (1, 1, 1, 6), (2, 2, 1, 7)]
    assert read_run(new).ranks.rows() == [(0, 0, 8, 6), (1, 1, 7, 7), (2, 1, 9, 5)]


def test_ranks_without_a_column_are_named(tmp_path):
    folder = write_run(tmp_path / "miq", [5, 6])
    pl.DataFrame({"user": [0, 1], "rank": [5, 6]}).write_parquet(folder / "ranks.parquet")

    with pytest.raises(MiqrecError, match=r"miq/ranks\.parquet lacks the column target"):
        read_run(folder)


def test_studies_are_found_and_which_have_begun(tmp_path):
    packed = compared(tmp_path / "a", seeds=1)
    pack_study(packed)
    folders, nothing = compared(tmp_path / "b", seeds=1), write_study(tmp_path / "c")

    assert find_studies(tmp_path) == [packed, folders, nothing]
    assert find_studies(packed) == [packed]
    assert [is_begun(study) for study in find_studies(tmp_path)] == [True, True, False]
