"""A PostgreSQL server of its own in a temporary folder, that may be killed and started again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from debian import program

_INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
_PATIENCE = 30.0


class Server:
    """A server that listens on a socket in its folder alone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._data = folder, folder / "data"
        self.url = f"postgresql+psycopg://miqrec@/postgres?host={folder}"
        options = ("--pgdata", self._data, "--username", "miqrec", "--encoding", "UTF8")
        self._run("initdb", *options, "--locale", "C", "--auth", "trust", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        log = self.folder / "log"
        self._run("pg_ctl", "--pgdata", self._data, "--log", log, "--wait", "-o", options, "start")

    def kill(self) -> None:
        """Kill it as a loss of power does: all its processes at once, by a signal that can't be caught."""
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text("utf-8").split()
        for process in (main, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        ends = time.monotonic() + _PATIENCE
        while Path(f"/proc/{main}/cmdline").exists() and time.monotonic() < ends:
            time.sleep(0.01)

    def make_database(self, name: str, encoding: str = "UTF8") -> str:
        """Make a database; return its URL."""
        options = ("--host", self.folder, "--username", "miqrec", "--encoding", encoding)
        self._run("createdb", *options, "--locale", "C", "--template", "template0", name)
        return self.url.replace("/postgres?", f"/{name}?")

    def _run(self, name: str, *words: object) -> None:
        command = [program(name, "postgresql", *_INSTALLED), *map(str, words)]
        if os.geteuid() == 0:  # as whom it refuses to run
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        output = self.folder / "output"
        with output.open("ab") as file:  # a pipe would stay open as long as the server
            done = subprocess.run(command, stdout=file, stderr=file, cwd=self.folder, check=False)
        assert done.returncode == 0, output.read_text()


@contextmanager
def running() -> Iterator[Server]:
    """Run a server; it is gone afterwards."""
    program("initdb", "postgresql", *_INSTALLED)
    folder = Path(tempfile.mkdtemp(prefix="miqrec-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
