"""The room: one folder in which every case happens, and the states in which it can be found.

Its place never changes, since configs and the names of prepared data hold absolute paths.
"""

import os
import shutil
import tempfile
from pathlib import Path

_HOME = Path(tempfile.gettempdir(), f"miqrec-faults-{os.getpid()}")

ROOM = _HOME / "room"
"""The room itself; commands are typed here."""

CACHE = ROOM / "cache"
"""Where prepared data are kept."""

_STATES = _HOME / "states"


def move_in() -> None:
    """Make an empty room, and have all that follows happen in it."""
    (ROOM / "tmp").mkdir(parents=True)
    _STATES.mkdir()
    os.environ |= {
        "XDG_CACHE_HOME": str(CACHE),
        "MPLCONFIGDIR": str(_HOME / "matplotlib"),
        "TMPDIR": str(ROOM / "tmp"),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "1000",
    }
    os.environ.pop("MIQREC_DATA", None)
    tempfile.tempdir = None
    os.chdir(ROOM)


def move_out() -> None:
    """Remove the room and all states."""
    os.chdir("/")
    shutil.rmtree(_HOME, ignore_errors=True)


def keep(state: str) -> None:
    """Keep the room as it is, under a name."""
    shutil.copytree(ROOM, _STATES / state, symlinks=True)


def is_kept(state: str) -> bool:
    """Whether a state was kept."""
    return (_STATES / state).exists()


def reset(state: str) -> None:
    """Make the room what it was when the state was kept, the times of its files included."""
    empty(ROOM)
    shutil.copytree(_STATES / state, ROOM, symlinks=True, dirs_exist_ok=True)


def empty(folder: Path) -> None:
    """Remove all that is in a folder, whoever may write there."""
    for path, folders, _ in os.walk(folder):
        for name in (".", *folders):
            os.chmod(Path(path, name), 0o755)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
