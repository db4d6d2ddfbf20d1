"""Whatever a disk refuses is one sentence and exit code 2, and nothing half-written stays."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import Done, miqrec
from disks import SMALL, fill, make_read_only
from miqrec.runs.artifact import load_artifact

TINY = ("--dim", 8, "--n-heads", 1, "--n-layers", 1, "--epochs", 1)


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("log") / "log.csv"
    rows = [f"{user},{(user + step) % 6},{step}" for user in range(12) for step in range(5)]
    path.write_text("\n".join(["user,item,time", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def run(log, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    assert train(log, folder).returncode == 0
    return folder


def train(log: Path, out: Path, *options: object) -> Done:
    model = options or ("--model", "markov")
    return miqrec("train", "--data", log, "--out", out, *model)


def is_one_sentence(done: Done, ending: str) -> bool:
    """Whether a command ended in one sentence, after what it reported, and it ends like this."""
    last = done.stderr.splitlines()[-1]
    return done.returncode == 2 and last.startswith("error: ") and ending in last


class TestTrain:
    def test_below_a_file(self, log, tmp_path):
        (tmp_path / "file").write_text("")
        done = train(log, tmp_path / "file" / "run")
        assert is_one_sentence(done, ".run.lock can't be written: Not a directory")

    def test_a_name_that_is_too_long(self, log, tmp_path):
        done = train(log, tmp_path / ("long" * 100))
        assert is_one_sentence(done, "File name too long")

    def test_a_link_to_nowhere_leads_there_afterwards(self, log, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "there")
        assert train(log, tmp_path / "link").returncode == 0
        assert load_artifact(tmp_path / "there").catalogue.n_items == 6

    def test_a_link_that_leads_to_itself(self, log, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "link")
        done = train(log, tmp_path / "link")
        assert is_one_sentence(done, "Too many levels of symbolic links")

    def test_a_disk_that_can_not_be_written(self, log, small_disk):
        make_read_only(small_disk)
        done = train(log, small_disk / "run")
        assert is_one_sentence(done, ".run.lock can't be written: Read-only file system")

    @pytest.mark.parametrize("model", [("--model", "markov"), ("--model", "sasrec", *TINY)])
    def test_a_full_disk_and_then_room(self, log, small_disk, model):
        """What was begun goes on once there is room."""
        fill(small_disk)
        done = train(log, small_disk / "run", *model)
        assert is_one_sentence(done, "No space left on device"), done.stderr
        (small_disk / "filler").unlink()
        assert train(log, small_disk / "run", *model).returncode == 0
        assert load_artifact(small_disk / "run").catalogue.n_items == 6

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    @pytest.mark.parametrize("room", [0, 4096, 9_000, 30_000, 60_000])
    def test_a_disk_that_fills_up_meanwhile(self, log, small_disk, room):
        (small_disk / "filler").write_bytes(bytes(SMALL - room))
        done = train(log, small_disk / "run", "--model", "sasrec", *TINY)
        assert done.returncode == 0 or is_one_sentence(done, "can't be written"), done.stderr
        (small_disk / "filler").unlink()
        assert train(log, small_disk / "run", "--model", "sasrec", *TINY).returncode == 0
        names = {path.name for path in (small_disk / "run").iterdir()} - {"tensorboard"}
        assert names == {
            *("config.json", "environment.json", "history.csv", "ranks.parquet", "metrics.json"),
            "artifact",
        }

    @pytest.mark.parametrize("room", [0, 4096])
    def test_a_full_temporary_folder_does_not_matter(self, log, tmp_path, small_disk, room):
        """Python takes another one where nothing can be written, but not where little can."""
        (small_disk / "filler").write_bytes(bytes(SMALL - room))
        words = ("train", "--data", log, "--out", tmp_path / "run", "--model", "sasrec", *TINY)
        done = subprocess.run(
            [sys.executable, "-m", "miqrec", *map(str, words)],
            env=os.environ | {"TMPDIR": str(small_disk)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


class TestOtherCommands:
    def test_lists_on_a_full_disk(self, run, small_disk):
        fill(small_disk)
        for name in ("lists.csv", "lists.parquet", "lists.jsonl"):
            done = miqrec("recommend", run, "-k", 3, "--out", small_disk / name)
            assert f"{name}.parts" in done.stderr
            assert done.stderr.endswith("can't be written: No space left on device\n")
            assert done.returncode == 2
        assert [path.name for path in small_disk.iterdir()] == ["filler"]

    @pytest.mark.parametrize("command", ["evaluate", "recommend"])
    def test_a_model_in_a_place_that_can_not_be(self, run, tmp_path, command):
        done = miqrec(command, tmp_path / ("long" * 100))
        assert is_one_sentence(
            done, ": File name too long; check the path, its rights and the room"
        )

    def test_whatever_the_system_refuses(self, run, monkeypatch):
        def refuse(path: Path) -> bytes:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "read_bytes", refuse)
        monkeypatch.setattr(Path, "is_file", refuse)
        done = miqrec("evaluate", run)
        assert is_one_sentence(done, ": Permission denied; check the path, its rights and the room")
        assert len(done.stderr.splitlines()) == 1
