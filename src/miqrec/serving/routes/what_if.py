"""`POST /what-if`: a list beside the list that somebody would see with another history."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import Field

from miqrec.serving.asked import OneHistory, history_of, query_for
from miqrec.serving.asking import Event, History
from miqrec.serving.comparing import Answered, Comparison, compare
from miqrec.serving.engine import Engine
from miqrec.serving.errors import refused
from miqrec.serving.items import Id
from miqrec.serving.limits import check_k
from miqrec.serving.schemas import ItemId, Strict
from miqrec.serving.service import Parts

router = APIRouter(tags=["explanations"])


class Change(Strict):
    """What is changed at one position of the history."""

    position: int = Field(ge=0)
    """How many items came after it; 0 for the newest."""
    item: ItemId | None = None
    """The item that takes its place; null leaves it out."""


class WhatIfRequest(OneHistory):
    """A history, and what is changed in it."""

    changes: list[Change] = Field(min_length=1, max_length=100)
    """Positions are those of the history before any change."""
    k: int = Field(default=10, ge=1, le=100)
    """The length of the lists."""


@router.post("/what-if")
async def what_if(request: WhatIfRequest, service: Parts) -> Comparison:
    """Compare the list after a history (`first`) with the list after the changed history (`second`).

    Both rank the same candidates, those of the history as it is: otherwise the comparison would show what
    leaving out seen items did. So an item that is left out of the history is not recommended itself, and one
    that takes another's place may be.
    """
    check_k(service.settings, request.k)
    engine = service.engine
    history = await history_of(service, request)
    changed = _changed(engine, history, request.changes)
    as_it_is, otherwise = (
        query_for(engine, each, request, request.k) for each in (history, changed)
    )
    otherwise = otherwise._replace(seen=as_it_is.seen)
    first, second = await service.batcher.ask(engine, [as_it_is, otherwise])
    return compare(
        Answered(engine, as_it_is, first), Answered(engine, otherwise, second), request.k
    )


def _changed(engine: Engine, history: History, changes: Sequence[Change]) -> History:
    """Apply the changes to a history, which may become shorter."""
    items: list[Id | Event | None] = list(history)
    for place, change in enumerate(changes):
        if change.position >= len(items):
            sentence = (
                f"the history has {len(items)} items, so its oldest has position {len(items) - 1}"
            )
            raise refused(sentence, "changes", place, "position")
        if change.item is not None and engine.items.unknown([change.item]):
            sentence = f"the model doesn't know {change.item!r}"
            raise refused(sentence, "changes", place, "item")
        items[len(items) - 1 - change.position] = change.item
    return [item for item in items if item is not None]
