"""What a process does, event by event: its file-system operations in a folder, and its steps of training.

The n-th event of a command is the same each time, so that a fault at a number is a fault at a place.
Python reports its operations to audit hooks before they happen; what Polars and safetensors write in
Rust goes unreported, but begins and ends with names that Python makes.
"""

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from faults.children import Work

STAGES = {
    "_run_final": "--final",
    "kept_in_cache": "preparing the cache",
    "training_step": "training",
    "validation_step": "validating",
    "save_artifact": "saving the artifact",
    "save_checkpoint": "checkpointing",
    "Checkpoints.on_train_epoch_end": "checkpointing",
    "History.on_train_epoch_end": "writing the history",
    "note_environment": "claiming the folder",
    "claim": "claiming the folder",
    "write_json": "writing the scores",
}
"""By the function in which an event happens, what a person would say is being done; the first counts."""

_OPERATIONS = {
    *(
        "open",
        "os.rename",
        "os.remove",
        "os.mkdir",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.chmod",
    ),
    *("os.listdir", "os.scandir", "os.truncate", "shutil.rmtree", "sqlite3.connect"),
}

_STEP = "faults.step"

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Event(NamedTuple):
    """An operation that is about to happen.

    Attributes:
        number: Counted from 0 in its stage if a stage is watched, else in the whole process.
        writes: Whether it changes the disk.
    """

    number: int
    stage: str
    operation: str
    path: str
    writes: bool


Act = Callable[[Event], None]


def at_event(work: Work, folder: Path, number: int, act: Act, stage: str | None = None) -> Work:
    """Work that meets `act` at its n-th event, of a stage or of all."""
    return watched(
        work, folder, lambda event: act(event) if event.number == number else None, stage
    )


def watched(work: Work, folder: Path, act: Act, stage: str | None = None) -> Work:
    """Work that meets `act` at each event below a folder, of a stage or of all; for a child only."""
    return partial(_watch, work, folder, act, stage)


def kill(_: Event) -> None:
    """End the process as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt(_: Event) -> None:
    """Do what Ctrl-C does, also in a process that was started in the background, where it is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def no_space(event: Event) -> None:
    """Refuse what would need room on the disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), event.path)


def _watch(work: Work, folder: Path, act: Act, stage: str | None) -> None:
    seen = 0

    def hook(operation: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if operation not in _OPERATIONS and not _is_swap(operation, arguments):
            return
        if threading.current_thread() is not threading.main_thread():
            return  # TensorBoard writes when it likes
        path = _path(operation, arguments[0])
        if folder not in Path(path).parents and path != str(folder):
            return
        here = _stage(arguments[0])
        if stage in (None, here):
            event = Event(seen, here, operation, path, _writes(operation, arguments))
            seen += 1
            act(event)

    _report_steps()
    sys.addaudithook(hook)
    work()


def _report_steps() -> None:
    """Have the steps of training and validation reported, which touch no file."""
    from miqrec.training.step import SequenceTraining

    for name in ("training_step", "validation_step"):
        setattr(SequenceTraining, name, _reporting(getattr(SequenceTraining, name)))


def _reporting(step: Callable[..., Any]) -> Callable[..., Any]:
    def reporting(*arguments: Any, **named: Any) -> Any:
        sys.audit(_STEP, step.__name__)
        return step(*arguments, **named)

    reporting.__name__ = step.__name__
    return reporting


def _is_swap(operation: str, arguments: tuple[Any, ...]) -> bool:
    """Whether two names are about to be swapped, or a step begins."""
    return operation == _STEP or (operation == "ctypes.dlsym" and "renameat2" in arguments)


def _path(operation: str, first: Any) -> str:
    """Name what an operation is about; a step is about the room."""
    if operation.startswith("ctypes") or not isinstance(first, str | bytes | os.PathLike):
        return os.getcwd()
    return os.path.abspath(os.fsdecode(first))


def _writes(operation: str, arguments: tuple[Any, ...]) -> bool:
    if operation == "open":
        return bool(arguments[2] & _WRITES)
    return operation in {"os.rename", "os.mkdir", "os.link", "os.symlink", "sqlite3.connect"}


def _stage(first: Any) -> str:
    """Name the stage by the functions that are at work, or by the step that begins."""
    names, frame = {first} if isinstance(first, str) else set(), sys._getframe(2)
    while frame is not None:
        names |= {frame.f_code.co_name, frame.f_code.co_qualname}
        frame = frame.f_back
    return next((stage for name, stage in STAGES.items() if name in names), "between")
