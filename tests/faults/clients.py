"""Processes that append to a store, which are killed, and what they were told."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from faults.appends import stored
from faults.cases import Verdict

_PATIENCE = 60.0


class Client:
    """A process that appends the events from one number to another."""

    def __init__(self, url: str, first: int, last: int) -> None:
        self.acknowledged: set[int] = set()
        self._refusals = tempfile.NamedTemporaryFile("ab")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "faults.appends", url, str(first), str(last)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            stderr=self._refusals,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._end()
        self._refusals.close()

    def wait_for(self, n_events: int) -> None:
        """Wait until so many events are acknowledged."""
        assert self._process.stdout is not None
        while len(self.acknowledged) < n_events and (line := self._process.stdout.readline()):
            self.acknowledged.add(int(line))

    def wait_for_refusal(self) -> str:
        """Wait until an event is refused; return the sentence."""
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends and self._process.poll() is None:
            time.sleep(0.01)
            if sentences := self._read_refusals():
                return sentences[0]
        return ""

    def kill(self) -> None:
        """Kill it by a signal that can't be caught, and note what it acknowledged before."""
        self._process.kill()
        self._end()

    def finish(self) -> None:
        """Let it append all of its events."""
        self._end()
        assert self._process.returncode == 0, self._read_refusals()

    def _end(self) -> None:
        """Read all that was acknowledged until the end."""
        assert self._process.stdout is not None
        out = self._process.stdout.read()  # `communicate` would miss what `readline` has read ahead
        whole = out[: out.rfind("\n") + 1]  # a line that was cut off told nothing
        self.acknowledged |= {int(line) for line in whole.split()}
        self._process.wait()

    def _read_refusals(self) -> list[str]:
        return Path(self._refusals.name).read_text(encoding="utf-8").splitlines()


def compared(url: str, acknowledged: set[int], everything: bool = False) -> Verdict:
    """See whether all that was acknowledged is stored, and nothing twice.

    Args:
        url: Of the store.
        acknowledged: The numbers of the events.
        everything: They are all that may be there.
    """
    found = stored(url)
    if missing := acknowledged - set(found):
        return Verdict("lost", f"{len(missing)} acknowledged events, such as {min(missing)}")
    if len(found) > len(set(found)):
        return Verdict("silently wrong", f"{len(found) - len(set(found))} events are there twice")
    if everything and set(found) != acknowledged:
        return Verdict("silently wrong", f"{len(found)} events instead of {len(acknowledged)}")
    return Verdict("unharmed", f"{len(acknowledged)} of {len(found)} were acknowledged")
