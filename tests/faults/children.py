"""Work in a forked copy of this process: whatever happens to it, this one lives and takes notes.

A new Python needs seconds to import PyTorch and Lightning, and a copy of one that has done so needs
none. This process must never compute: Polars and PyTorch start threads then, which a copy lacks.
"""

import importlib
import io
import os
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple, TextIO

from miqrec.errors import MiqrecError

PATIENCE = 900.0
"""Seconds after which work counts as hung, on a machine that may have much else to do."""

BROUGHT_IN = (
    "lightning.pytorch",
    "matplotlib.pyplot",
    "miqrec.experiments.report.writing",
    "miqrec.experiments.tuning.tune",
    "miqrec.runs.fit",
    "optuna",
    "sqlalchemy",
    "tensorboard",
)
"""What takes long to import."""

Work = Callable[[], object]


class Ended(NamedTuple):
    """How work ended and what it printed.

    Attributes:
        code: The exit code, the number of a signal that killed it with a minus, or None if it hung.
    """

    code: int | None
    out: str
    err: str


def bring_in() -> None:
    """Import what all cases need, so that their processes have it already."""
    commands = importlib.import_module("miqrec.cli.app").COMMANDS
    modules = [command.replace("-", "_") for command in commands]
    for name in (*BROUGHT_IN, *(f"miqrec.cli.{name}" for name in modules)):
        importlib.import_module(name)


def in_child(work: Work) -> Ended:
    """Do the work in a copy of this process, and wait until it has ended."""
    out, err = os.pipe(), os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        sys.stdout, sys.stderr = _into(out[1], 1), _into(err[1], 2)
        _work(work)
    for pipe in (out, err):
        os.close(pipe[1])
    printed = _read(child, out[0], err[0])
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Ended(status if printed else None, *(printed or ("", "")))


def _into(pipe: int, number: int) -> TextIO:
    """Have what goes to a file of this number go into a pipe, from Python and from others."""
    os.dup2(pipe, number)
    return io.TextIOWrapper(io.FileIO(number, "w", closefd=False), encoding="utf-8")


def _work(work: Work) -> None:
    """Do the work as a command does it: bad input is a sentence, another error a traceback."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except MiqrecError as error:
        print(f"error: {error}", file=sys.stderr)
        code = 2
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read(child: int, *pipes: int) -> tuple[str, ...] | None:
    """Read pipes to their ends; None if that takes too long, and the child is killed."""
    texts, late = {pipe: bytearray() for pipe in pipes}, time.monotonic() + PATIENCE
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and time.monotonic() < late:
            for key, _ in waiting.select(timeout=1.0):
                text = os.read(key.fd, 65536)
                texts[key.fd] += text
                if not text:
                    waiting.unregister(key.fd)
        hung = bool(waiting.get_map())
    for pipe in pipes:
        os.close(pipe)
    if hung:
        os.kill(child, signal.SIGKILL)
        return None
    return tuple(bytes(text).decode(errors="replace") for text in texts.values())
