"""Files and folders appear whole or not at all, and nothing but their own kind makes room for them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from disks import SMALL
from miqrec.errors import MiqrecError
from miqrec.system import files, temporary
from miqrec.system.files import UnwritableError, recover, remove, replacing, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make_folder(path: Path, *content: str) -> Path:
    path.mkdir()
    for name in content:
        (path / name).write_text(name)
    return path


def replace_folder(path: Path, *content: str) -> None:
    with replacing(path, replaces=lambda there: True) as partial:
        make_folder(partial, *content)


def test_a_file_takes_the_place_of_the_old_one(tmp_path):
    (tmp_path / "a.txt").write_text("old")

    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("new")
        assert (tmp_path / "a.txt").read_text() == "old"

    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("swaps", [True, False], ids=["names are swapped", "old steps aside"])
def test_a_folder_takes_the_place_of_the_old_one_with_nothing_left_of_that(
    tmp_path, monkeypatch, swaps
):
    if not swaps:
        monkeypatch.setattr(files, "_swap", lambda *_: False)
    make_folder(tmp_path / "model", "old.txt")

    replace_folder(tmp_path / "model", "new.txt")

    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["new.txt"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "elsewhere.txt").write_text("old")
    (tmp_path / "a.txt").symlink_to(tmp_path / "elsewhere.txt")

    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("new")

    assert (tmp_path / "elsewhere.txt").read_text() == "new"
    assert (tmp_path / "a.txt").is_symlink()


def test_when_writing_fails_the_old_one_stays_and_nothing_else(tmp_path):
    make_folder(tmp_path / "model", "old.txt")

    def write_half() -> None:
        with replacing(tmp_path / "model", replaces=lambda there: True) as partial:
            make_folder(partial, "half.txt")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()

    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["old.txt"]


def test_when_nothing_was_written_the_old_one_stays(tmp_path):
    make_folder(tmp_path / "model", "old.txt")

    with (
        pytest.raises(UnwritableError, match=r"model can't be written: No such file"),
        replacing(tmp_path / "model", lambda there: True),
    ):
        pass

    assert names(tmp_path / "model") == ["old.txt"]


class TestWhatIsReplaced:
    def test_a_folder_is_never_replaced_by_a_file(self, tmp_path):
        make_folder(tmp_path / "lists.csv", "precious.txt")

        with (
            pytest.raises(
                MiqrecError, match=r"lists\.csv is a folder, and a file is to be written"
            ),
            replacing(tmp_path / "lists.csv") as partial,
        ):
            partial.write_text("new")

        assert names(tmp_path / "lists.csv") == ["precious.txt"]

    def test_a_file_is_never_replaced_by_a_folder(self, tmp_path):
        (tmp_path / "model").write_text("precious")

        with pytest.raises(MiqrecError, match="model is a file, and a folder is to be written"):
            replace_folder(tmp_path / "model", "new.txt")

        assert (tmp_path / "model").read_text() == "precious"

    def test_a_folder_of_another_kind_is_refused_before_anything_is_written(self, tmp_path):
        make_folder(tmp_path / "project", "config.json", "main.py")

        with (
            pytest.raises(MiqrecError, match="project holds other files; choose a new folder"),
            replacing(tmp_path / "project", lambda there: names(there) == ["config.json"]),
        ):
            pytest.fail("nothing may be written")

        assert names(tmp_path / "project") == ["config.json", "main.py"]

    def test_an_empty_folder_is_anybodys(self, tmp_path):
        make_folder(tmp_path / "model")

        with replacing(tmp_path / "model", lambda there: False) as partial:
            make_folder(partial, "new.txt")

        assert names(tmp_path / "model") == ["new.txt"]


class TestWhatCanNotBeWritten:
    """One sentence names the path and the reason, and nothing is left."""

    def test_a_full_disk(self, small_disk):
        (small_disk / "a.txt").write_text("old")

        with (
            pytest.raises(
                UnwritableError, match=r"a\.txt can't be written: No space left on device$"
            ),
            replacing(small_disk / "a.txt") as partial,
        ):
            partial.write_bytes(bytes(2 * SMALL))

        assert names(small_disk) == ["a.txt"]
        assert (small_disk / "a.txt").read_text() == "old"

    def test_a_path_below_a_file(self, tmp_path):
        (tmp_path / "a.txt").write_text("old")

        with pytest.raises(UnwritableError, match=r"b\.json can't be written: Not a directory$"):
            write_json(tmp_path / "a.txt" / "b.json", {})

    def test_a_name_that_is_too_long_is_cut_in_the_sentence(self, tmp_path):
        with pytest.raises(
            UnwritableError, match=r"can't be written: File name too long$"
        ) as error:
            write_json(tmp_path / ("long" * 100), {})
        assert len(str(error.value)) < 300

    def test_a_link_that_leads_to_itself(self, tmp_path):
        (tmp_path / "a.json").symlink_to(tmp_path / "a.json")

        with pytest.raises(UnwritableError, match="can't be written: Too many levels of symbolic"):
            write_json(tmp_path / "a.json", {})

    def test_a_link_that_leads_nowhere_leads_there_afterwards(self, tmp_path):
        (tmp_path / "a.json").symlink_to(tmp_path / "deep" / "b.json")

        write_json(tmp_path / "a.json", {})

        assert (tmp_path / "deep" / "b.json").read_text() == "{}\n"


WRITE_FOR_EVER = """
import itertools, sys
from pathlib import Path
from miqrec.system.files import replacing
for _ in itertools.count():
    with replacing(Path(sys.argv[1]), lambda there: True) as new:
        new.mkdir()
        (new / "config.json").write_text("{}")
"""

DIE_HALFWAY = """
import os, sys
from pathlib import Path
from miqrec.system.files import replacing
with replacing(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    os.kill(os.getpid(), 9)
"""


class TestKills:
    def test_a_reader_finds_a_folder_at_any_moment(self, tmp_path):
        """On Linux and macOS, where two names can be swapped in one step."""
        if not files._swap(make_folder(tmp_path / "a"), make_folder(tmp_path / "b")):
            pytest.skip("names can't be swapped on this disk")
        path = tmp_path / "model"
        with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(path)]) as writer:
            while not path.exists():
                time.sleep(0.01)
            stop, missing = time.monotonic() + 1, 0
            while time.monotonic() < stop:
                missing += not (path / "config.json").exists()
            writer.send_signal(signal.SIGKILL)
        assert missing == 0

    def test_where_names_cannot_be_swapped_an_interrupted_replacement_is_undone(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(files, "_swap", lambda *_: False)
        make_folder(tmp_path / "model", "old.txt")
        (tmp_path / "model").replace(temporary.name_aside(tmp_path / "model"))  # and a kill

        recover(tmp_path / "model")
        assert names(tmp_path / "model") == ["old.txt"]

        make_folder(temporary.name_aside(tmp_path / "model"), "old.txt")  # a kill after both
        replace_folder(tmp_path / "model", "new.txt")
        assert names(tmp_path) == ["model"]

    def test_what_a_killed_process_left_is_swept_by_the_next_that_writes_there(self, tmp_path):
        half = [sys.executable, "-c", DIE_HALFWAY, str(tmp_path / "a.txt")]
        subprocess.run(half, check=False)
        assert len(names(tmp_path)) == 1

        write_json(tmp_path / "b.json", {})
        assert names(tmp_path) == ["b.json"]

    def test_what_another_process_is_writing_stays(self, tmp_path):
        with replacing(tmp_path / "a.txt") as partial:
            partial.write_text("half")
            write_json(tmp_path / "b.json", {})
            assert partial.exists()

    def test_a_name_from_another_machine_is_left_behind_after_a_day(self, tmp_path):
        foreign = tmp_path / f"{temporary.PREFIX}0123456789ab-00000000-1-89abcdef"
        foreign.write_text("half")
        assert temporary.left_behind(tmp_path) == []

        os.utime(foreign, (0, time.time() - temporary.DAY - 1))
        assert temporary.left_behind(tmp_path) == [foreign]

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="names a handle by /proc")
    def test_what_is_written_is_on_the_disk_before_it_is_renamed(self, tmp_path, monkeypatch):
        events: list[str] = []
        fsync, replace = os.fsync, Path.replace

        def watching_fsync(handle: int) -> None:
            events.append(Path(f"/proc/self/fd/{handle}").resolve().name)
            fsync(handle)

        def watching_replace(self: Path, target: Path) -> Path:
            events.append(f"rename to {target.name}")
            return replace(self, target)

        monkeypatch.setattr(os, "fsync", watching_fsync)
        monkeypatch.setattr(Path, "replace", watching_replace)
        with replacing(tmp_path / "model", lambda there: True) as partial:
            make_folder(partial, "a.txt")

        assert events == ["a.txt", partial.name, "rename to model", tmp_path.name]


def test_json_is_readable_and_its_folder_is_made(tmp_path):
    write_json(tmp_path / "run" / "a.json", {"name": "Zürich"})

    assert (tmp_path / "run" / "a.json").read_text(encoding="utf-8") == '{\n  "name": "Zürich"\n}\n'


def test_removing_what_is_not_there_is_no_error(tmp_path):
    remove(tmp_path / "nothing")

    assert list(tmp_path.iterdir()) == []


def test_removing_a_link_leaves_what_it_points_to(tmp_path):
    make_folder(tmp_path / "elsewhere", "a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    remove(tmp_path / "link")

    assert names(tmp_path) == ["elsewhere"]
