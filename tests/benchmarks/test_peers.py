"""The harness goes through its work once, with workers that measure nothing."""

import sys
from pathlib import Path

import pytest
from benchmarks.jobs import Job

from benchmarks import peers

RATES = {"float32": {"square 2048": 1e9}, "bfloat16": {"square 2048": 2e9}, "copy": 1e10}
NOTHING = {"rates": RATES, "threads": 1, "load": 0.0, "versions": {"torch": "2.13.0"}}


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What workers were asked for, one after the other."""
    asked: list[str] = []

    def run(label: str, job: Job) -> dict[str, object]:
        asked.append(label)
        return NOTHING

    monkeypatch.setattr(peers, "STATE", tmp_path)
    monkeypatch.setattr(peers, "run", run)
    return asked


def test_what_was_measured_is_not_measured_again(
    measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["peers", "--quick", "--work", "limits", "--repetitions"]
    for repetitions in ("2", "2", "3"):
        monkeypatch.setattr(sys, "argv", [*command, repetitions])
        peers.main()
    assert len(measured) == 3


def test_a_worker_that_fails_says_why() -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        peers.output_of([sys.executable, "-c", "raise ValueError('no such thing')"], threads=1)
