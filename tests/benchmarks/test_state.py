"""Measurements survive a kill, and belong to one state of the code."""

from pathlib import Path

from benchmarks.jobs import Job, small
from benchmarks.state import Measured, State, code_version

JOB = Job("ours", "train")


def measured(label: str, repetition: int = 0) -> Measured:
    return Measured("train-ml-1m", label, repetition, JOB, {"seconds": [1.0], "targets": 2})


def test_what_was_measured_is_known_again(tmp_path: Path) -> None:
    State(tmp_path / "state.jsonl").add(measured("SASRec"))
    state = State(tmp_path / "state.jsonl")
    assert list(state) == [measured("SASRec")]
    assert state.has("train-ml-1m", "SASRec", 0, JOB)
    assert not state.has("train-ml-1m", "SASRec", 1, JOB)
    assert not state.has("train-ml-1m", "SASRec", 0, small(JOB))


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "state.jsonl"
    State(file).add(measured("SASRec"))
    file.write_text(file.read_text() + '{"work": "train-ml')
    assert list(State(file)) == [measured("SASRec")]
    State(file).add(measured("RecTools"))
    assert [row.label for row in State(file)] == ["SASRec", "RecTools"]


def test_the_version_changes_with_the_code_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1")
    before = code_version(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "report.py").write_text("no measurement runs through this")
    assert code_version(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2")
    assert code_version(tmp_path) != before


def test_a_job_travels_as_one_line() -> None:
    assert Job.load(small(JOB).dump()) == small(JOB)
    assert "\n" not in JOB.dump()
