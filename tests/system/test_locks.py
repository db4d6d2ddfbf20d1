"""One process at a time works in a folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from miqrec.errors import MiqrecError
from miqrec.system.locks import FolderBusyError, is_locked, lock_path, locked

HOLD = """
import sys, time
from pathlib import Path
from miqrec.system.locks import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of `run`."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_gets_one_sentence_and_writes_nothing(tmp_path, holder):
    with (
        pytest.raises(FolderBusyError, match=r"another process is at work in .*/run; wait until"),
        locked(tmp_path / "run", patience=0.0),
    ):
        pass

    assert is_locked(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == [".run.lock"]


def test_the_lock_of_a_process_that_is_killed_is_free(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert not is_locked(tmp_path / "run")
    with locked(tmp_path / "run", patience=0.0):
        assert is_locked(tmp_path / "run")


def test_whoever_waits_gets_the_lock_when_it_is_released(tmp_path, holder):
    holder.kill()

    with locked(tmp_path / "run"):
        assert is_locked(tmp_path / "run")


def test_after_an_error_the_lock_is_free(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "run"):
        1 / 0  # noqa: B018

    assert not is_locked(tmp_path / "run")


def test_looking_at_a_folder_leaves_nothing(tmp_path):
    assert not is_locked(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_has_a_lock_of_its_own_beside_it_however_it_is_named(tmp_path, monkeypatch):
    with locked(tmp_path / "one"), locked(tmp_path / "two"), locked(tmp_path / "deep" / "one"):
        pass

    monkeypatch.chdir(tmp_path / "deep")
    assert lock_path(Path("one")) == tmp_path / "deep" / ".one.lock"
    assert lock_path(Path()) == tmp_path / ".deep.lock"
    assert len(list(tmp_path.rglob(".*.lock"))) == 3


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a folder without rights")
def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path):
    tmp_path.chmod(0o500)

    with (
        pytest.raises(MiqrecError, match=r"\.run\.lock can't be written"),
        locked(tmp_path / "run"),
    ):
        pass


def test_a_file_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(MiqrecError, match=r"the lock .*\.run\.lock can't be written: "),
        locked(tmp_path / "file" / "run"),
    ):
        pass
