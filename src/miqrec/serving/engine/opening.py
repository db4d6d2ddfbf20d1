"""Find the engine for a path."""

from pathlib import Path

import numpy as np

from miqrec.errors import MiqrecError
from miqrec.serving.engine.protocol import Engine, Query
from miqrec.system.optional import optional


def open_engine(path: Path, *, index: bool = False) -> Engine:
    """Load a saved model, and let it answer once, so that the first request doesn't wait for anything.

    Args:
        path: A saved model, a run, or an exported .onnx file.
        index: Whether an approximate index proposes items.

    Raises:
        MiqrecError: It is not there, is damaged, or what it needs is not installed.
    """
    engine = _load(path, index)
    engine.lists([_first(engine)])
    return engine


def _load(path: Path, index: bool) -> Engine:
    if path.suffix == ".onnx":
        if index:
            raise MiqrecError(
                f"{path} is an exported model, which scores all items; leave the index out"
            )
        from miqrec.serving.engine.onnx import OnnxEngine

        return OnnxEngine.load(path)
    optional("torch", "torch")
    from miqrec.serving.engine.torch import TorchEngine

    return TorchEngine.load(path, index=index)


def _first(engine: Engine) -> Query:
    """Ask for something, so that the first request doesn't wait for what is made at the first one."""
    inference = engine.choose(None, None, with_probability=False)
    item = np.ones(1, np.int64)
    return Query(item, item[:0], None, 1, inference)
