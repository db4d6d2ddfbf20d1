"""`POST /history`: what the service knows of a user."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from miqrec.serving.asked import events_of
from miqrec.serving.engine import Engine
from miqrec.serving.schemas import Strict
from miqrec.serving.service import Parts
from miqrec.serving.store import StoredEvent
from miqrec.serving.store.event import Id

router = APIRouter(tags=["events"])


class HistoryRequest(Strict):
    """Whose history is wanted; in a body, since addresses are written into logs."""

    user: Id


class Happened(BaseModel):
    """An event of a user's history."""

    item: str
    title: str | None
    """Null for an item that the model doesn't know."""
    time: datetime
    kind: str | None


class HistoryAnswer(BaseModel):
    """A user's events, the oldest first."""

    events: list[Happened]


@router.post("/history")
async def history(request: HistoryRequest, service: Parts) -> HistoryAnswer:
    """Tell what the service knows of a user."""
    events = await events_of(service, request.user)
    return HistoryAnswer(events=[_happened(service.engine, event) for event in events])


def _happened(engine: Engine, event: StoredEvent) -> Happened:
    [number] = engine.items.numbers([event.item])
    title = engine.items.titles[number] if number else None
    return Happened(item=event.item, title=title, time=event.time, kind=event.kind)
