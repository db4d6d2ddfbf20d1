"""Runs a worker, in a process that is prepared as `miqrec` prepares its own if `--prepared` comes first.

python -m benchmarks.workers [--prepared] ours JOB FOLDER
"""

import runpy
import sys
from pathlib import Path

PROCESS = Path(__file__).parents[2] / "src" / "miqrec" / "system" / "process.py"


def main() -> None:
    """Prepare before PyTorch is loaded; a peer's environment has no miqrec, so its file is run by path."""
    name, *arguments = sys.argv[1:]
    if name == "--prepared":
        runpy.run_path(str(PROCESS))["prepare"]()
        name, *arguments = arguments
    sys.argv = [name, *arguments]
    runpy.run_module(f"benchmarks.workers.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
