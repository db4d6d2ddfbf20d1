"""Find the engine for a path."""

from pathlib import Path

from miqrec.serving.engine.protocol import Engine


def open_engine(path: Path) -> Engine:
    """Load a saved model, and let it answer once, so that the first request doesn't wait for anything.

    Raises:
        MiqrecError: It is not there, is damaged, or what it needs is not installed.
    """
    from miqrec.serving.engine.torch import TorchEngine

    return TorchEngine.load(path)
