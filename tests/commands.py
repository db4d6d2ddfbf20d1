"""Commands run as they are typed, in this process: starting a new one takes seconds."""

import io
import logging
import sys
import threading
import warnings
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from miqrec.cli import main, output
from miqrec.system import progress


class Done(NamedTuple):
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def miqrec(*arguments: object, columns: int = 200) -> Done:
    """Run a command as typed, in this process: starting a new one takes seconds."""
    out, err, log = io.StringIO(), io.StringIO(), logging.getLogger("miqrec")
    level = log.level
    with (
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr(log, "handlers", log.handlers)  # what a command changes for its whole process
        patch.setattr(threading, "excepthook", threading.excepthook)
        patch.setattr(sys, "argv", ["miqrec", *map(str, arguments)])
        patch.setenv("COLUMNS", str(columns))
        patch.setattr(output.console, "width", columns)
        patch.setattr(progress.console, "width", columns)
        with pytest.raises(SystemExit) as stopped:
            main()
    log.setLevel(level)
    return Done(stopped.value.code or 0, out.getvalue(), err.getvalue())
