"""Items that a saved model has never seen: they get vectors from their attributes, and are marked so."""

import warnings
from dataclasses import replace
from typing import cast

import numpy as np
import polars as pl
import torch

from miqrec.data.catalogue import DESCRIBED, Catalogue, appended
from miqrec.errors import MiqrecError, MiqrecWarning
from miqrec.models.growth import item_weights
from miqrec.models.likeness import tellable, vectors_like
from miqrec.models.protocol import Learner, counts
from miqrec.models.registry import build_model
from miqrec.runs.artifact import Artifact
from miqrec.runs.initial_weights import adopt
from miqrec.system.seeds import seeded


def with_new_items(artifact: Artifact, items: pl.DataFrame) -> Artifact:
    """Give the items that a model doesn't know vectors like those of items with their attributes.

    Args:
        artifact: The model, which stays as it is.
        items: Columns item, title and attributes, as `read_items` returns them. Items that are known are
            left alone; new ones without an attribute of a known item are left out with a warning.

    Raises:
        MiqrecError: The model only counts, none of its own items has attributes, or nothing is new.
    """
    if counts(artifact.model):
        raise MiqrecError(
            f"{artifact.config.model.name} counts and has no vectors, so a new item can't be given one"
        )
    known = artifact.catalogue
    learned = (artifact.counts > 0) & ~known.described
    attributes = known.frame["attributes"].filter(pl.Series(learned))
    names = tellable(attributes)
    if names.is_empty():
        raise MiqrecError(
            "none of the items that the model was trained on has attributes, so nothing is like a new item; "
            "fit it with items"
        )
    new = _new(known, items, names)
    catalogue = appended(known, new.with_columns(pl.lit(value=True).alias(DESCRIBED)))
    with seeded(0):  # its first weights are drawn, and then replaced
        model = build_model(artifact.config.model, catalogue.n_items)
    adopt(artifact, model, catalogue)
    _fill(cast(Learner, model), attributes, learned, new["attributes"])
    grown = np.append(artifact.counts, np.zeros(new.height, np.int64))
    return replace(artifact, model=model, catalogue=catalogue, counts=grown)


def _new(known: Catalogue, items: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Keep the items that are new and share an attribute with a known one."""
    new = items.filter(pl.Series(known.encode(items["item"]) == 0))
    if new.is_empty():
        raise MiqrecError("the model knows all of these items; give some that are new")
    is_like = new["attributes"].list.eval(pl.element().is_in(names.implode())).list.any()
    if is_like.all():
        return new
    left = int((~is_like).sum())
    message = f"{left:,} of {new.height:,} new items have no attribute of a known item"
    if left == new.height:
        raise MiqrecError(f"{message}, so nothing is like them; give attributes as in training")
    warnings.warn(f"{message} and were left out", MiqrecWarning, stacklevel=3)
    return new.filter(is_like)


@torch.no_grad()
def _fill(model: Learner, attributes: pl.Series, learned: np.ndarray, new: pl.Series) -> None:
    """Put vectors for the last `len(new)` items into each table of a model that has a row an item."""
    table = dict(model.named_parameters())
    rows = 1 + np.flatnonzero(learned)
    for name in item_weights(model):
        weights = table[name]
        vectors = weights[torch.from_numpy(rows)].flatten(1).float().numpy()
        found = torch.from_numpy(vectors_like(attributes, vectors, new))
        first = 1 + len(learned)
        weights[first : first + len(new)] = found.reshape(-1, *weights.shape[1:])
