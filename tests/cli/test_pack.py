"""`miqrec pack` as it is typed."""

import json

import pytest

from commands import miqrec
from studies import compared, write_run


@pytest.fixture
def study(tmp_path):
    return compared(tmp_path / "runs" / "table-x")


def test_report_and_compare_say_the_same_of_packed_runs(study):
    asked = [
        ("report", study),
        ("report", study, "--json"),
        ("report", study.parent, "--json"),
        ("report", study / "miq" / "seed-1"),
        ("compare", study / "sasrec" / "seed-0", study / "miq" / "seed-1"),
    ]
    before = [miqrec(*words) for words in asked]

    done = miqrec("pack", study)

    assert done.returncode == 0, done.stderr
    assert done.stderr == f"{study}: 4 folders packed, 0 left\n"
    assert [miqrec(*words) for words in asked] == before
    assert all(answer.returncode == 0 for answer in before)


def test_a_folder_of_studies_is_packed_at_once(study):
    other = compared(study.parent / "table-y", seeds=1)

    done = miqrec("pack", study.parent, "--json")

    counts = {name: len(content["packed"]) for name, content in json.loads(done.stdout).items()}
    assert counts == {str(study): 4, str(other): 2}


def test_what_stays_is_said_and_models_go_when_that_is_asked_for(study):
    run = study / "miq" / "seed-0"
    (run / "artifact").mkdir()

    done = miqrec("pack", study)
    again = miqrec("pack", study, "--delete-models")

    assert f"3 folders packed, 1 left\n  {run} stays: it holds artifact" in done.stderr
    assert again.stderr == f"{study}: 1 folders packed, 0 left\n"
    assert not run.exists()


def test_a_folder_without_a_study_is_explained(tmp_path):
    write_run(tmp_path / "miq", [1, 2])

    done = miqrec("pack", tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: there is no study in {tmp_path}; give a folder")
