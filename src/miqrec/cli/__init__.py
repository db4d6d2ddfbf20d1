"""The command line: `miqrec train`, `evaluate`, `recommend`, `compare` and `datasets`."""

from miqrec.cli.app import main

__all__ = ["main"]
