"""Runs as processes: side by side, in order, never twice, and without one failing for another.

The processes here are real, but only act as `miqrec train` does: a real one takes seconds to start.
What `miqrec reproduce` does with real ones is in tests/cli/test_reproduce.py.
"""

import subprocess
import sys
import time
from pathlib import Path

import filelock
import pytest

import miqrec
from miqrec.experiments.studies import overview, runner
from miqrec.experiments.studies.plan import PlannedRun, plan
from miqrec.experiments.studies.runner import log_path, make_slots, run_all
from miqrec.experiments.studies.study import Study
from miqrec.system import locks

PATHS = [str(Path(module.__file__).parents[1]) for module in (miqrec, filelock)]

ACTOR = f"""
import os, pathlib, signal, sys, time

sys.path += {PATHS}
from miqrec.system.locks import FolderBusyError, locked
"""

ACTOR += """
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
out = pathlib.Path(words["--out"])
diary = out.parents[2] / "diary"

def write(event):
    with diary.open("a") as file:
        file.write(f"{event} {out.parent.name}/{out.name}\\n")

def wait_for(event, number):
    for _ in range(1000):
        if diary.read_text().count(event) >= number:
            return
        time.sleep(0.01)
    sys.exit("waited in vain")

def stop(*_):
    write("stop")
    sys.exit(130)

lock = locked(out, patience=0.0)
try:
    lock.__enter__()
except FolderBusyError as error:
    sys.exit(f"error: {error}")
signal.signal(signal.SIGINT, stop)
write("start")
if sys.argv[1] == "pretrain":
    time.sleep(0.5)  # whoever does not wait for it starts meanwhile
match words.get("--loss"):
    case "bce":
        sys.exit("error: it broke")
    case "gbce":
        os.kill(os.getpid(), signal.SIGKILL)
    case "ce-last":
        wait_for("start", 2)
    case "sampled-ce":
        wait_for("never", 1)
out.mkdir(parents=True)
(out / "artifact").mkdir()
(out / "metrics.json").write_text("{}")
write("end")
"""


@pytest.fixture(autouse=True)
def _actors(monkeypatch, tmp_path):
    (tmp_path / "actor.py").write_text(ACTOR)
    monkeypatch.setattr(runner, "PROGRAM", (sys.executable, "-S", str(tmp_path / "actor.py")))
    monkeypatch.setattr(runner, "POLL", 0.01)


def planned(
    out: Path, seeds: int = 1, pretraining: bool = False, **losses: str
) -> list[PlannedRun]:
    """A study with a system for each loss; the loss decides how its process acts."""
    systems = {
        name: {"label": name, "model": "s3rec", "loss": loss}
        | ({"pretraining": "pre"} if pretraining else {})
        for name, loss in losses.items()
    }
    pretrainings = {"pre": {"model": "s3rec"}} if pretraining else {}
    keys = {"title": "", "caption": "", "data": "demo", "systems": systems}
    return plan(Study(name="mine", pretraining=pretrainings, **keys), out, seeds)


def do(runs: list[PlannedRun], jobs: int = 1) -> list[tuple[str, str]]:
    """Run them; returns who failed and why."""
    failures = run_all(runs, make_slots(jobs), lambda running: None)
    return [(run.name, reason) for run, reason in failures]


def diary(out: Path) -> list[str]:
    path = out / "diary"
    return path.read_text().splitlines() if path.exists() else []


def test_one_at_a_time_in_the_order_of_the_plan(tmp_path):
    assert do(planned(tmp_path, seeds=2, a="ce", b="ce")) == []

    order = ["a/seed-0", "b/seed-0", "a/seed-1", "b/seed-1"]
    assert diary(tmp_path) == [f"{event} {run}" for run in order for event in ("start", "end")]


def test_two_side_by_side(tmp_path):
    assert do(planned(tmp_path, a="ce-last", b="ce-last"), jobs=2) == []  # each waits for the other

    assert [line.split()[0] for line in diary(tmp_path)] == ["start", "start", "end", "end"]


def test_what_is_finished_is_not_done_again(tmp_path):
    runs = planned(tmp_path, a="ce", b="ce")
    do(runs[:1])
    before = diary(tmp_path)

    assert do(runs) == []
    assert diary(tmp_path) == [*before, "start b/seed-0", "end b/seed-0"]
    do(runs)
    assert diary(tmp_path) == [*before, "start b/seed-0", "end b/seed-0"]


def test_a_pretraining_is_waited_for_by_those_that_start_from_it(tmp_path):
    assert do(planned(tmp_path, pretraining=True, a="ce", b="ce"), jobs=3) == []

    assert diary(tmp_path)[:2] == ["start pretraining/pre", "end pretraining/pre"]


def test_one_that_fails_does_not_stop_the_others(tmp_path):
    runs = planned(tmp_path, a="bce", b="gbce", c="ce")

    assert do(runs) == [("a 0", "it broke"), ("b 0", "killed by SIGKILL")]
    assert [run.state for run in runs] == ["to do", "to do", "finished"]
    assert log_path(runs[0]).read_text().strip() == "error: it broke"


def test_who_starts_from_a_pretraining_that_failed_is_left_out(tmp_path):
    runs = planned(tmp_path, pretraining=True, a="ce")
    broken = runs[0]._replace(command=(*runs[0].command, "--loss", "bce"))

    assert do([broken, *runs[1:]]) == [("pre-training pre", "it broke")]
    assert diary(tmp_path) == ["start pretraining/pre"]


def test_ctrl_c_stops_the_processes_and_waits_for_them(tmp_path):
    def interrupt(running):
        if len(diary(tmp_path)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(planned(tmp_path, a="sampled-ce", b="sampled-ce"), make_slots(2), interrupt)

    assert sorted(diary(tmp_path)[2:]) == ["stop a/seed-0", "stop b/seed-0"]


def at_work(run: PlannedRun) -> subprocess.Popen:
    """A process at work on a run, as one that was started by somebody else."""
    process = runner._process(run, {})
    while "start" not in " ".join(diary(run.folder.parents[2])):
        assert process.poll() is None
        time.sleep(0.01)
    return process


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def test_a_run_is_not_started_while_another_process_is_at_work_on_it(tmp_path, capsys):
    overview.waiting.cache_clear()
    (run,) = planned(tmp_path, a="sampled-ce")
    other = at_work(run)
    looks = []

    def look(running):
        looks.append(len(running))
        if len(looks) == 3:
            end(other)
        if running:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all([run], make_slots(1), look)

    assert looks == [0, 0, 0, 1]
    assert capsys.readouterr().err.splitlines() == [
        "a 0 is at work in another process already",
        "a 0 started",
    ]


def test_a_process_that_finds_the_folder_locked_is_no_failure(tmp_path, monkeypatch):
    """Two were started at once, and the other was faster: the run is waited for, then it goes on."""
    (run,) = planned(tmp_path, a="ce")
    other = at_work(run._replace(command=(*run.command, "--loss", "sampled-ce")))
    looked = []

    def is_locked(folder):
        looked.append(folder)
        return len(looked) > 1 and locks.is_locked(folder)  # the first look comes too early

    monkeypatch.setattr(runner, "is_locked", is_locked)

    def look(running):
        if len(looked) == 3:
            end(other)

    assert run_all([run], make_slots(1), look) == []
    assert run.state == "finished"
    assert "another process is at work in" in log_path(run).read_text()


def test_the_lock_outlives_whoever_started_the_process_and_ends_with_it(tmp_path):
    (run,) = planned(tmp_path, a="sampled-ce")
    other = at_work(run)

    assert runner._process(run, {}) is None
    end(other)
    again = runner._process(run, {})
    assert isinstance(again, subprocess.Popen)
    end(again)


def test_threads_are_divided(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(runner, "_gpus", list)
    cores = runner.environment().cores

    assert make_slots(1) == [{"OMP_NUM_THREADS": str(cores)}]
    assert make_slots(2 * cores) == [{"OMP_NUM_THREADS": "1"}] * 2 * cores


def test_gpus_are_taken_in_turn(monkeypatch):
    monkeypatch.setattr(runner, "_gpus", lambda: ["0", "3"])

    assert [slot["CUDA_VISIBLE_DEVICES"] for slot in make_slots()] == ["0", "3"]
    assert [slot["CUDA_VISIBLE_DEVICES"] for slot in make_slots(3)] == ["0", "3", "0"]
