"""Runs a worker, in a process that is prepared as `miqrec` prepares its own if `--prepared` comes first.

python -m benchmarks.harness.worker [--prepared] benchmarks.peers.workers.ours JOB FOLDER
"""

import runpy
import sys

from benchmarks.harness.folders import SOURCES


def main() -> None:
    """Prepare the process before PyTorch is loaded, then run the worker as a script.

    A peer's environment has no miqrec, so the file that prepares a process is run by its path.
    """
    name, *arguments = sys.argv[1:]
    if name == "--prepared":
        runpy.run_path(str(SOURCES / "miqrec" / "system" / "process.py"))["prepare"]()
        name, *arguments = arguments
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__")


if __name__ == "__main__":
    main()
