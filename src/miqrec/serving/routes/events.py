"""`POST /events`: what users did, acknowledged once it is durable."""

import asyncio
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from miqrec.serving.errors import ServiceError
from miqrec.serving.schemas import Strict
from miqrec.serving.service import Parts
from miqrec.serving.store import Event

router = APIRouter(tags=["events"])

MOST = 1_000
"""Events of one request."""

EXAMPLE: JsonDict = {
    "events": [
        {"user": "ann", "item": "the-silent-harbour", "kind": "view", "id": "5f1c-0001"},
        {"user": "ann", "item": "the-golden-lighthouse", "time": "2026-03-01T12:00:00Z"},
    ]
}


class EventsRequest(Strict):
    """What users did; all of it is stored, or nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    events: Annotated[list[Event], Field(min_length=1, max_length=MOST)]
    """In the order in which it happened, where times are equal or missing."""


class EventsAnswer(BaseModel):
    """The events are durable."""

    stored: int
    """How many of them are new; the others have ids that were stored before."""


@router.post("/events", responses={503: {"description": "The store can't take events now."}})
async def append_events(request: EventsRequest, service: Parts) -> EventsAnswer:
    """Store events, and answer once they are durable.

    If there is no answer, send the same events again: those with an `id` are stored once.
    """
    if service.store is None:
        sentence = "this service keeps no events; start it with --store sqlite:///events.db"
        raise ServiceError(501, "no_store", sentence)
    done = service.store.submit(request.events)
    return EventsAnswer(stored=await asyncio.wrap_future(done))
