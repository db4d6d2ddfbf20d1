"""From a request to the queries of an engine."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from miqrec.errors import MiqrecError
from miqrec.evaluation.inference import InferenceConfig
from miqrec.serving.engine.protocol import Engine, Query
from miqrec.serving.errors import refused
from miqrec.serving.items import Id, Ids
from miqrec.serving.schemas import RecommendRequest


class Event(Protocol):
    """An item of a history, and what happened with it."""

    @property
    def item(self) -> Id:
        """The external id."""

    @property
    def kind(self) -> str | None:
        """What happened."""


History = Sequence[Id | Event]
"""The oldest first."""


class Wanted(NamedTuple):
    """What all lists of a request have in common."""

    inference: InferenceConfig
    exclude_seen: bool | Sequence[str]
    allowed: npt.NDArray[np.bool_] | None
    k: int
    with_probability: bool


def wanted(engine: Engine, request: RecommendRequest) -> Wanted:
    """Read what all lists of a request have in common.

    Raises:
        ServiceError: The model can't be used so, or has no such attributes: status 422.
    """
    if request.k > engine.items.count:
        raise refused(f"k is {request.k}, but the model has {engine.items.count} items", "k")
    try:
        inference = engine.choose(
            request.mix, request.temperature, with_probability=request.with_uncertainty
        )
    except MiqrecError as error:
        raise refused(str(error)) from error
    seen = request.exclude_seen
    return Wanted(
        inference,
        engine.inference.exclude_seen if seen is None else seen,
        _allowed(engine, request),
        request.k,
        request.with_uncertainty,
    )


def _allowed(engine: Engine, request: RecommendRequest) -> npt.NDArray[np.bool_] | None:
    """Mark the items that lists may hold, (n_items + 1,); None where they may hold all."""
    if not (request.filters or request.exclude or request.allow is not None):
        return None
    try:
        mask = engine.items.meeting(request.filters).copy()
    except MiqrecError as error:
        raise refused(str(error), "filters") from error
    if request.allow is not None:
        listed = np.zeros_like(mask)
        listed[engine.items.numbers(request.allow)] = True
        mask &= listed
    mask[engine.items.numbers(request.exclude)] = False
    return mask


def query_of(engine: Engine, history: History, common: Wanted) -> Query:
    """Make the query for one history; items that the model doesn't know are left out."""
    numbers = engine.items.numbers([item_of(each) for each in history])
    known = numbers[numbers > 0]
    return Query(
        known,
        _seen(history, numbers, known, common.exclude_seen),
        common.allowed,
        common.k,
        common.inference,
        common.with_probability,
    )


def _seen(history: History, numbers: Ids, known: Ids, exclude: bool | Sequence[str]) -> Ids:
    """Take the items that are left out: of all events, of none, or of those of some kinds."""
    if isinstance(exclude, bool):
        return known if exclude else known[:0]
    kinds = set(exclude)
    seen = numbers[[_kind(each) in kinds for each in history]]
    return seen[seen > 0]


def item_of(each: Id | Event) -> Id:
    """Give the external id."""
    return each if isinstance(each, str | int) else each.item


def _kind(each: Id | Event) -> str | None:
    return None if isinstance(each, str | int) else each.kind
