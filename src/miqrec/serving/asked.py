"""One history that a request asks about: typed in, or that of a user whom the store knows."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from miqrec.serving.engine import Engine
from miqrec.serving.errors import ServiceError, refused
from miqrec.serving.items import Id, Ids
from miqrec.serving.limits import too_long
from miqrec.serving.schemas import ItemId, Strict
from miqrec.serving.service import Service
from miqrec.serving.store import StoredEvent
from miqrec.serving.store.event import Id as UserId


class OneHistory(Strict):
    """Whose list is looked into, and how the model is used."""

    history: list[ItemId] | None = None
    """What somebody has had, the oldest item first."""
    user: UserId | None = None
    """A user whose history the service knows; instead of a history."""
    mix: list[float] | str | None = None
    """The weights of the newest positions' answers, newest first, such as "0.6 0.4"; by default as the model
    is set."""


class Known(NamedTuple):
    """The part of a history that a model knows.

    Attributes:
        ids: (n,) internal ids, oldest first.
        positions: (n,) of each, how many items came after it in the whole history.
    """

    ids: Ids
    positions: Ids


async def history_of(service: Service, asked: OneHistory) -> list[Id]:
    """Take the history that was typed in, or the user's.

    Raises:
        ServiceError: Not one of the two was given, or nothing is known of the user.
    """
    if (asked.user is None) == (asked.history is None):
        raise refused("give a history or a user, one of the two", "history")
    if asked.history is not None:
        if len(asked.history) > service.settings.max_history:
            raise too_long(service.settings, asked.history, "history")
        return list(asked.history)
    assert asked.user is not None  # one of the two was given
    return [event.item for event in await events_of(service, asked.user)]


async def events_of(service: Service, user: str) -> list[StoredEvent]:
    """Read what the store knows of a user, the oldest event first.

    Raises:
        ServiceError: There is no store, or nothing is known of the user.
    """
    if service.store is None:
        raise refused("this service keeps no histories of users; give a history", "user")
    events: list[StoredEvent]
    newest = service.settings.max_history
    [events] = await asyncio.to_thread(service.store.histories, [user], newest)
    if not events:
        sentence = "nothing is known of this user; give a history"
        raise ServiceError(404, "unknown_user", sentence, ["body", "user"])
    return events


def known(engine: Engine, history: Sequence[Id]) -> Known:
    """Look up the items of a history, and leave out those that the model doesn't know."""
    numbers = engine.items.numbers(history)
    places = np.flatnonzero(numbers)
    return Known(numbers[places], len(numbers) - 1 - places)


def artifact_of(engine: Engine) -> Any:
    """Give the saved model of an engine.

    Raises:
        ServiceError: The engine has none: status 501.
    """
    if sentence := without_explanations(engine):
        raise ServiceError(501, "needs_torch", sentence)
    return engine.artifact  # type: ignore[attr-defined]


def without_explanations(engine: Engine) -> str | None:
    """Say why there are no explanations, if there are none."""
    if hasattr(engine, "artifact"):
        return None
    return (
        "explanations need the saved model and PyTorch, and this service runs an exported file; "
        "serve the saved model to see them"
    )
