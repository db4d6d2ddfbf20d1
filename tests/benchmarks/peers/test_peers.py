"""The harness goes through its work once, with workers that measure nothing."""

import sys
from pathlib import Path

import pytest
from benchmarks.peers.jobs import Job
from benchmarks.peers.page import READING
from benchmarks.peers.sides import SIDES
from benchmarks.peers.works import WORKS

from benchmarks.peers import __main__ as peers

RATES = {"float32": {"square 2048": 1e9}, "bfloat16": {"square 2048": 2e9}, "copy": 1e10}
NOTHING = {"rates": RATES, "threads": 1, "load": 0.0, "versions": {"torch": "2.13.0"}}
LIMITS = ["peers", "--work", "limits"]


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What workers were asked for, one after the other."""
    asked: list[str] = []

    def measure(label: str, job: Job) -> dict[str, object]:
        asked.append(label)
        return NOTHING

    monkeypatch.setattr(peers, "STATE", tmp_path)
    monkeypatch.setattr(peers, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(peers, "measure", measure)
    return asked


def test_what_was_measured_is_not_measured_again(
    measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for repetitions in ("2", "2", "3"):
        monkeypatch.setattr(sys, "argv", [*LIMITS, "--quick", "--repetitions", repetitions])
        peers.main()
    assert len(measured) == 3


def test_the_tables_go_to_the_folder_that_is_named(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "in here"
    monkeypatch.setattr(sys, "argv", [*LIMITS, "--repetitions", "1", "--out", str(folder)])
    peers.main()
    page = (folder / "peers.md").read_text()
    assert READING in page
    assert f"--out '{folder}'`" in page  # a command that can be pasted


def test_sides_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["peers", "--sides", "SASRec", "RecTools SASRec"])
    work = peers.chosen(WORKS["train-ml-1m"], peers.parse())
    assert list(work.sides) == ["RecTools SASRec", "SASRec"]


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_every_side_has_a_worker_and_every_pair_two_sides(work: peers.Work) -> None:
    workers = Path(peers.__file__).parent / "workers"
    for job in work.sides.values():
        assert (workers / f"{SIDES[job.side].worker}.py").exists()
    assert {label for pair in work.pairs for label in pair} <= work.sides.keys()
