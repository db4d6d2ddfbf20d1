"""Explanations of a list in the words of who asks: external ids and titles instead of internal numbers."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl
import torch
from torch import Tensor

from miqrec.data.batches.seen import seen_pairs
from miqrec.data.catalogue import Catalogue
from miqrec.data.dataset import Dataset
from miqrec.errors import MiqrecError
from miqrec.explanation.leaving_out import leave_one_out
from miqrec.lists.asked import Asked, Whom
from miqrec.lists.making import histories_of
from miqrec.runs.requests import Id

T = TypeVar("T")


def one_person(
    user: Id | None,
    history: Sequence[Id] | None,
    kinds: Sequence[str] | None,
    data: Any,
    at_hand: Dataset | None,
) -> Whom:
    """Say that a list is for one person; arguments are those of `Whom`, for one.

    Raises:
        MiqrecError: not one of user and history is given.
    """
    if (user is None) == (history is None):
        raise MiqrecError("give a user of the data or a history, one of the two")
    return Whom(_alone(user), _alone(history), _alone(kinds), data, at_hand)


def explain_list(asked: Asked, items: Sequence[Id] | None = None) -> pl.DataFrame:
    """Find the items of a history that count most for recommended items, as `leave_one_out` does.

    Args:
        asked: one list, how long it is, and how the model is used.
        items: external ids to explain; by default those of the list.

    Returns:
        what `Recommender.explain` returns.
    """
    asked.artifact.model.eval().to(asked.device)
    theirs = histories_of(asked, asked.rows)
    history = torch.from_numpy(theirs.items[theirs.starts[0] : theirs.stops[0]].astype(np.int64))
    catalogue = asked.artifact.catalogue
    named = None if items is None else _named(catalogue, items).to(asked.device)
    _, seen = seen_pairs(theirs, np.arange(1), asked.request.inference.exclude_seen)
    on_device = history.to(asked.device), named, seen.to(asked.device)
    found = leave_one_out(asked.request, *on_device)
    return found.select(
        *_described(catalogue, found["id"], "item", "title"),
        "rank",
        *_described(catalogue, found["because"], "because", "because_title"),
        *("position", "influence", "rank_without"),
    )


def _alone(value: T | None) -> list[T] | None:
    return None if value is None else [value]


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
