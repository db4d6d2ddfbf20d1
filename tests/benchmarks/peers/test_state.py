"""A comparison knows again what it measured."""

from pathlib import Path

from benchmarks.peers.jobs import Job, small
from benchmarks.peers.state import Measured, State

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


def test_a_job_travels_as_one_line() -> None:
    assert Job.load(small(JOB).dump()) == small(JOB)
    assert "\n" not in JOB.dump()
