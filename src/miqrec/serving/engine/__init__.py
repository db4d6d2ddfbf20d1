"""Engines: what turns histories into lists, be it a saved model in PyTorch or an exported file."""

from miqrec.serving.engine.opening import open_engine
from miqrec.serving.engine.protocol import Engine, Listed, Query

__all__ = ["Engine", "Listed", "Query", "open_engine"]
