"""`miqrec reproduce` as typed, with real runs on the demo."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands import miqrec
from miqrec.experiments.studies.study import Study
from miqrec.system.checksums import read_checked
from worlds import cycle, frame

TINY = """
title = "Tiny"
caption = ""
data = "demo"

[settings]
epochs = {epochs}
patience = 1000
dim = 8
n_heads = 1
n_layers = 1
max_length = 10
batch_size = 512

[systems.plain]
label = "Plain"
model = "sasrec"
"""
BROKEN = """
[systems.broken]
label = "Broken"
model = "sasrec"
learning_rate = 1e30
"""


@pytest.fixture
def tiny(tmp_path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY.format(epochs=2) + BROKEN)
    return path


def states(done) -> dict[str, str]:
    return {
        f"{run['system']} {run['seed']}": run["state"] for run in json.loads(done.stdout)["runs"]
    }


def test_systems_side_by_side_of_which_one_fails_and_then_again_without_it(tiny, tmp_path):
    out = tmp_path / "out"
    command = ("reproduce", tiny, "--seeds", 1, "--out", out, "--jobs", 2, "--json")

    done = miqrec(*command)

    assert done.returncode == 1
    assert states(done) == {"plain 0": "finished", "broken 0": "to do"}
    *_, error = done.stderr.splitlines()
    assert error.startswith("error: 1 of 2 runs failed: broken 0 (the loss is nan at step")
    assert f"{out}/tiny/broken/seed-0.log" in error
    study = read_checked(out / "tiny" / "study.json", Study, "a study's", "restore it")
    assert list(study.systems) == ["plain", "broken"]

    log = out / "tiny" / "plain" / "seed-0.log"
    written = log.read_text()
    again = miqrec(*command, "--systems", "plain")
    assert again.returncode == 0, again.stderr
    assert states(again) == {"plain 0": "finished"}
    assert log.read_text() == written


def test_packed_runs_are_finished_and_new_seeds_are_added_beside_them(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY.format(epochs=1))
    study = tmp_path / "tiny"
    command = ("reproduce", tmp_path / "tiny.toml", "--out", tmp_path, "--json")
    first = miqrec(*command, "--seeds", 1)
    miqrec("pack", study, "--delete-models")

    done = miqrec(*command, "--seeds", 2)

    assert states(done) == {"plain 0": "finished", "plain 1": "finished"}
    assert json.loads(done.stdout)["runs"][0] == json.loads(first.stdout)["runs"][0]
    assert [path.name for path in (study / "plain").glob("seed-*") if path.is_dir()] == ["seed-1"]
    report = json.loads(miqrec("report", study, "--json").stdout)
    assert report[0]["systems"]["plain"]["seeds"] == 2


def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY.format(epochs=40))
    command = ["reproduce", str(tmp_path / "tiny.toml"), "--seeds", "1", "--out", str(tmp_path)]
    folder = tmp_path / "tiny" / "plain" / "seed-0"
    runner = subprocess.Popen([sys.executable, "-m", "miqrec", *command])
    while runner.poll() is None and not (folder / "checkpoints" / "last.ckpt").exists():
        time.sleep(0.05)
    child = subprocess.check_output(["pgrep", "-P", str(runner.pid)], text=True)
    runner.kill()
    os.kill(int(child), signal.SIGKILL)
    runner.wait()
    assert not (folder / "metrics.json").exists()

    done = miqrec(*command)

    assert done.returncode == 0, done.stderr
    assert "plain 0 goes on after epoch" in done.stderr
    assert (folder / "history.csv").read_text().splitlines()[-1].startswith("40,")


def test_ctrl_c_says_how_to_go_on(tiny, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("miqrec.experiments.studies.runner.run_all", interrupted)

    done = miqrec("reproduce", tiny, "--seeds", 1, "--out", tmp_path / "out")

    assert done.returncode == 130
    assert "stopped; the same command goes on" in done.stderr


def test_a_dry_run_shows_commands_and_leaves_nothing(tiny, tmp_path):
    done = miqrec("reproduce", tiny, "--seeds", 2, "--out", tmp_path / "out", "--dry-run")

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * 2
    assert lines[0].startswith("to do    miqrec train --data demo --model sasrec --epochs 2")
    assert not (tmp_path / "out").exists()


def test_a_table_is_found_by_its_name_and_its_data():
    done = miqrec("reproduce", "table2", "--dataset", "ml-1m", "--dry-run", "--json")

    assert json.loads(done.stdout)["study"] == "table2-ml-1m"


def test_the_data_may_be_left_out_where_there_is_but_one():
    done = miqrec("reproduce", "table3", "--dry-run", "--json")

    assert json.loads(done.stdout)["study"] == "table3-lastfm"


WRONG = {
    "no such table": (["table9"], "no recipe 'table9'"),
    "no such data": (["table2", "--dataset", "x"], "no recipe 'table2-x'"),
    "several data sets": (["table2"], "give --dataset, one of beauty, ml-1m"),
    "no such system": (["{tiny}", "--systems", "plain,x"], "tiny has no system 'x'"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_one_sentence_and_exit_code_2(arguments, message, tiny, tmp_path):
    filled = [argument.format(tiny=tiny) for argument in arguments]

    done = miqrec("reproduce", *filled, "--out", tmp_path / "out")

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_with_a_run_of_other_settings_is_refused(tiny, tmp_path):
    folder = tmp_path / "out" / "tiny" / "plain" / "seed-0"
    miqrec("train", "--data", "demo", "--model", "markov", "--out", folder)

    done = miqrec("reproduce", tiny, "--seeds", 1, "--out", tmp_path / "out")

    assert done.returncode == 2
    assert f"{folder} holds a run with other settings (model." in done.stderr


def test_a_study_of_own_data_names_their_columns(tmp_path):
    renamed = frame(cycle()).rename({"user": "who", "item": "what"})
    renamed.write_csv(tmp_path / "log.csv")
    text = TINY.format(epochs=1).replace('"demo"', f'"{tmp_path / "log.csv"}"', 1)
    columns = '[columns]\nuser = "who"\nitem = "what"\n\n[settings]'
    (tmp_path / "own.toml").write_text(text.replace("[settings]", columns))

    done = miqrec("reproduce", tmp_path / "own.toml", "--seeds", 1, "--out", tmp_path, "--json")

    assert done.returncode == 0, done.stderr
    assert states(done) == {"plain 0": "finished"}
