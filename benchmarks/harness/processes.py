"""Runs a worker in a process of its own, so that its time and its peak memory are its own."""

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.harness.folders import BENCHMARKS, SOURCES


def measure(
    worker: str,
    *arguments: str,
    threads: int,
    python: str = sys.executable,
    prepared: bool = True,
) -> dict[str, Any]:
    """Run a worker and return the measurement that it prints as its last line.

    Args:
        worker: The module to run, such as "benchmarks.growth.point".
        arguments: What the worker finds on its command line.
        threads: How many threads the process may use.
        python: The interpreter; a peer has one of its own.
        prepared: Whether the process is prepared as miqrec's command line prepares its own.

    Raises:
        SystemExit: If the worker fails; the message ends with the worker's own.
    """
    command = [python, "-m", "benchmarks.harness.worker", *["--prepared"] * prepared, worker]
    measurement: dict[str, Any] = json.loads(
        output_of([*command, *arguments], threads).splitlines()[-1]
    )
    return measurement


def output_of(command: list[str], threads: int) -> str:
    """Run a command with so many threads and without a GPU, and return its standard output.

    Raises:
        SystemExit: If the command fails; the message ends with the command's own.
    """
    settings = {"OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}
    settings |= {"PYTHONPATH": os.pathsep.join(map(str, (BENCHMARKS.parent, SOURCES)))}
    done = subprocess.run(
        command,
        env=os.environ | settings,
        cwd=BENCHMARKS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nfailed:\n{done.stderr[-3000:]}")
    return done.stdout
