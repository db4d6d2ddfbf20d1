"""Which runs a folder holds and what they are about, with and without a study."""

import json

import pytest

from miqrec.errors import MiqrecError
from miqrec.experiments.report.contents import find_runs, read_outline
from studies import compared, write_run, write_study


def test_a_study_says_itself_what_it_is_about(tmp_path):
    folder = compared(tmp_path / "table-x", seeds=1)
    outline = read_outline(folder, find_runs(folder))

    assert outline.title == "Table X"
    assert outline.labels == {"sasrec": "SASRec_F", "miq": "MIQ_F"}
    assert outline.paper == {"miq": {"HR@10": 0.0578}}
    assert [(pair.system, pair.baseline) for pair in outline.pairs] == [("miq", "sasrec")]


@pytest.mark.parametrize("place", ["miq/seed-3", "miq-3", "miq"])
def test_a_run_belongs_to_the_system_that_its_folder_is_called_after(tmp_path, place):
    write_run(tmp_path / place, [1, 2], seed=3)

    assert [run[:2] for run in find_runs(tmp_path)] == [("miq", 3)]


def test_the_folder_may_be_a_run_itself(tmp_path):
    run = write_run(tmp_path / "miq", [1, 2])

    assert find_runs(run) == [("miq", 0, run)]


def test_without_a_study_all_are_compared_with_the_first_or_with_whom_one_says(tmp_path):
    for name in ("b", "a", "c"):
        write_run(tmp_path / name, [1, 2])
    found = find_runs(tmp_path)

    pairs = read_outline(tmp_path, found).pairs
    assert [(pair.system, pair.baseline) for pair in pairs] == [("b", "a"), ("c", "a")]
    pairs = read_outline(tmp_path, found, baseline="c").pairs
    assert [(pair.system, pair.baseline) for pair in pairs] == [("a", "c"), ("b", "c")]
    with pytest.raises(MiqrecError, match=r"no system 'd'.*choose one of a, b, c"):
        read_outline(tmp_path, found, baseline="d")


def test_saved_models_and_pretrainings_are_no_runs(tmp_path):
    for name, keys in (("artifact", {"format": 1}), ("pre", {"pretraining": {}})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(keys))

    with pytest.raises(MiqrecError, match="there are no runs"):
        find_runs(tmp_path)


def test_the_same_system_and_seed_twice_is_refused(tmp_path):
    write_run(tmp_path / "miq-0", [1, 2])
    write_run(tmp_path / "miq" / "seed-0", [1, 2])

    with pytest.raises(MiqrecError, match="same system with the same seed"):
        find_runs(tmp_path)


def test_a_study_that_is_none_is_refused(tmp_path):
    write_study(tmp_path).joinpath("study.json").write_text('{"title": "x"}')
    write_run(tmp_path / "miq", [1, 2])

    with pytest.raises(MiqrecError, match="is not a study's"):
        read_outline(tmp_path, find_runs(tmp_path))
