"""`POST /history` and `POST /users/search`: what the service knows of users.

Users are named in bodies, since addresses are written into logs.
"""

import asyncio
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from miqrec.serving.asked import events_of, store_of
from miqrec.serving.engine import Engine
from miqrec.serving.schemas import Strict
from miqrec.serving.service import Parts
from miqrec.serving.store import StoredEvent
from miqrec.serving.store.event import Id

router = APIRouter(tags=["events"])


class HistoryRequest(Strict):
    """Whose history is wanted."""

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


class UsersRequest(Strict):
    """Which users are looked for."""

    beginning: str = Field(default="", max_length=255)
    """How their ids begin."""
    limit: int = Field(default=20, ge=1, le=100)
    """How many are named at most."""


class UsersAnswer(BaseModel):
    """Users that the service knows, in the order of their ids."""

    users: list[str]


@router.post("/history")
async def history(request: HistoryRequest, service: Parts) -> HistoryAnswer:
    """Tell what the service knows of a user."""
    events = await events_of(service, request.user)
    return HistoryAnswer(events=[_happened(service.engine, event) for event in events])


@router.post("/users/search")
async def search_users(request: UsersRequest, service: Parts) -> UsersAnswer:
    """Find users whose ids begin with a text."""
    store = store_of(service)
    found = await asyncio.to_thread(lambda: [*store.users(request.beginning, request.limit)])
    return UsersAnswer(users=found)


def _happened(engine: Engine, event: StoredEvent) -> Happened:
    [number] = engine.items.numbers([event.item])
    title = engine.items.titles[number] if number else None
    return Happened(item=event.item, title=title, time=event.time, kind=event.kind)
