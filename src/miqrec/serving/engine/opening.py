"""Find the engine for a path."""

from pathlib import Path

import numpy as np
import polars as pl
import polars.selectors as cs

from miqrec.data.catalogue import DESCRIBED, Catalogue, make_catalogue
from miqrec.data.reading.columns import Columns
from miqrec.data.reading.items import read_items
from miqrec.errors import MiqrecError
from miqrec.serving.engine.protocol import Engine, Query
from miqrec.serving.items import Items
from miqrec.system.optional import optional


def open_engine(path: Path, *, index: bool = False, items: Path | None = None) -> Engine:
    """Load a saved model, and let it answer once, so that the first request doesn't wait for anything.

    Args:
        path: A saved model, a run, or an exported .onnx file.
        index: Whether an approximate index proposes items.
        items: A table of items, whose attributes take the place of those that were saved with the model.

    Raises:
        MiqrecError: One of them is not there or damaged, or what it needs is not installed.
    """
    engine = _load(path, index)
    if items:
        engine.items = _described(engine, items)
    engine.lists([_first(engine)])
    return engine


def _described(engine: Engine, path: Path) -> Items:
    """Describe the model's items by a table; one without a title there keeps the model's."""
    known = engine.catalogue.frame
    table = read_items(path, Columns(item=engine.item_column))
    described = make_catalogue(known["item"], table).frame
    titles = pl.select(pl.coalesce(described["title"], known["title"]).alias("title"))
    marks = known.select(cs.by_name(DESCRIBED, require_all=False))
    frame = pl.concat([described.with_columns(titles), marks], how="horizontal")
    return Items(Catalogue(frame), engine.counts)


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
