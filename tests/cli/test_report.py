"""`miqrec report` as it is typed."""

import json

import pytest

from commands import miqrec
from studies import compared


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("runs") / "table-x")


def test_report_writes_the_page(study, tmp_path):
    done = miqrec("report", study, "--out", tmp_path / "report.html")

    assert done.returncode == 0, done.stderr
    assert "written: " in done.stderr
    assert "is better than" in (tmp_path / "report.html").read_text()


def test_without_out_it_prints_markdown(study):
    done = miqrec("report", study)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("## Table X\n\nBeyond luck, MIQ_F is better than SASRec_F")


def test_json_has_the_numbers_of_every_study(study):
    done = miqrec("report", study.parent, "--json")

    (content,) = json.loads(done.stdout)
    assert [comparison["verdict"] for comparison in content["comparisons"]] == ["better", "better"]
    assert content["systems"]["miq"]["paper"] == {"HR@10": 0.0578}


def test_another_baseline_turns_the_verdict(study):
    done = miqrec("report", study, "--baseline", "miq", "--json")

    (content,) = json.loads(done.stdout)
    assert [comparison["verdict"] for comparison in content["comparisons"]] == ["worse", "worse"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "report.pdf"], "ends in none of .html, .md and .tex"),
        (["--baseline", "x"], "there is no system 'x'"),
    ],
)
def test_bad_input_is_explained(study, arguments, message):
    done = miqrec("report", study, *arguments)

    assert done.returncode == 2
    assert message in done.stderr


def test_one_run_is_reported_too(study):
    done = miqrec("report", study / "miq" / "seed-0", "--json")

    (content,) = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert content["comparisons"] == []


def test_a_folder_without_runs_is_explained(tmp_path):
    done = miqrec("report", tmp_path)

    assert done.returncode == 2
    assert "there are no runs in" in done.stderr
