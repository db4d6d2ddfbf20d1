"""The command line: train, pretrain, evaluate, recommend, compare and datasets."""

import os

# Threads that wait for each other sleep instead of spinning; it must be said before torch is loaded.
# With one other busy process on 2 cores an epoch of the demo took 2.0 s instead of 4.8 s.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from miqrec.cli.app import main

__all__ = ["main"]
