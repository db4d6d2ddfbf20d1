"""Explanations in the words of who asks: external ids and titles instead of internal numbers."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.evaluation.top_lists import ListRequest
from miqrec.explanation.leaving_out import leave_one_out
from miqrec.runs.artifact import Artifact
from miqrec.runs.requests import Id


def explain_list(
    artifact: Artifact,
    history: Tensor,
    inference: InferenceConfig,
    items: Sequence[Id] | None = None,
    k: int = 10,
    seen: Tensor | None = None,
) -> pl.DataFrame:
    """Find the items of a history that count most for recommended items, as `leave_one_out` does.

    Args:
        artifact: the model and its items.
        history: (t,) internal ids, oldest first, on the model's device.
        inference: how the model is used.
        items: external ids to explain; by default the k best.
        k: how many items to explain where they aren't named.
        seen: (n,) internal ids that lists leave out; by default the history.

    Returns:
        what `Recommender.explain` returns.
    """
    model = artifact.model.eval().to(history.device)
    request = ListRequest(model, artifact.popularity, k, inference)
    named = None if items is None else _named(artifact.catalogue, items).to(history.device)
    found = leave_one_out(request, history, named, seen)
    return found.select(
        *_described(artifact.catalogue, found["id"], "item", "title"),
        "rank",
        *_described(artifact.catalogue, found["because"], "because", "because_title"),
        *("position", "influence", "rank_without"),
    )


def history_of(dataset: Dataset, row: int) -> Tensor:
    """Give the internal ids of a user's history, oldest first: (t,) int64."""
    sequences = dataset.sequences
    start, stop = sequences.offsets[row], sequences.offsets[row + 1]
    return torch.from_numpy(sequences.items[start:stop].astype(np.int64))


def _named(catalogue: Catalogue, items: Sequence[Id]) -> Tensor:
    """Look up the internal ids of items that are to be explained: (k,) int64."""
    if isinstance(items, str | bytes):
        raise MiqrecError(f"items is {items!r}; give a list of items, as in items=[{items!r}]")
    ids = catalogue.encode(pl.Series(list(items), strict=False))
    if unknown := [str(item) for item, id_ in zip(items, ids, strict=True) if id_ == 0]:
        raise MiqrecError(
            f"the model doesn't know {len(unknown):,} of {len(ids):,} items that are to be explained "
            f"({', '.join(unknown[:3])}{' ...' if len(unknown) > 3 else ''}); leave them out"
        )
    return torch.from_numpy(ids.astype(np.int64))


def _described(catalogue: Catalogue, ids: pl.Series, item: str, title: str) -> list[pl.Series]:
    return [catalogue.decode(ids).alias(item), catalogue.titles(ids).alias(title)]
