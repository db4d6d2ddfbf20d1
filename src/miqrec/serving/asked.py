"""One history that a request asks about: typed in, or that of a user whom the store knows."""

import asyncio
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from miqrec.errors import MiqrecError
from miqrec.serving.asking import History, Wanted, item_of, query_of
from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Query
from miqrec.serving.errors import ServiceError, refused
from miqrec.serving.items import Ids
from miqrec.serving.limits import too_long
from miqrec.serving.schemas import Interaction, ItemId, ModelInfo, Strict
from miqrec.serving.service import Service
from miqrec.serving.store import HistoryStore, StoredEvent
from miqrec.serving.store.event import Id as UserId


class OneHistory(Strict):
    """Whose list is looked into, and how the model is used."""

    history: list[ItemId | Interaction] | None = None
    """What somebody has had, the oldest item first."""
    user: UserId | None = None
    """A user whose history the service knows; instead of a history."""
    mix: Annotated[list[float], Field(min_length=1)] | Literal["trained"] | None = None
    """The weights of the newest positions' answers, the newest first; by default as saved with the model."""


class LookedInto(NamedTuple):
    """A history with the saved model that it is looked into with.

    Attributes:
        engine: What answers.
        artifact: Its saved model.
        history: As it was asked about, with the items that the model doesn't know.
        query: What the model is asked after it.
        model: How the answer names the model.
    """

    engine: Engine
    artifact: Any
    history: History
    query: Query
    model: ModelInfo


async def look_into(service: Service, asked: OneHistory, k: int) -> LookedInto:
    """Take the history and the saved model that a request wants to look into.

    Raises:
        ServiceError: As `artifact_of`, `history_of` and `query_for`.
    """
    engine = service.engine
    artifact = artifact_of(engine)
    history = await history_of(service, asked)
    query = query_for(engine, history, asked, k)
    return LookedInto(engine, artifact, history, query, ModelInfo.model_validate(engine.about))


async def history_of(service: Service, asked: OneHistory) -> History:
    """Take the history that was typed in, or the user's.

    Raises:
        ServiceError: Not one of the two was given, nothing is known of the user, or the history is longer
            than the settings say.
    """
    if (asked.user is None) == (asked.history is None):
        raise refused("give a history or a user, one of the two", "history")
    if asked.history is None:
        assert asked.user is not None  # one of the two was given
        return await events_of(service, asked.user)
    if len(asked.history) > service.settings.max_history:
        raise too_long(service.settings, asked.history, "history")
    return asked.history


async def events_of(service: Service, user: str) -> list[StoredEvent]:
    """Read what the store knows of a user, the oldest event first.

    Raises:
        ServiceError: There is no store, or nothing is known of the user.
    """
    store, newest = store_of(service), service.settings.max_history
    [events] = await asyncio.to_thread(store.histories, [user], newest)
    if not events:
        sentence = "nothing is known of this user; give a history"
        raise ServiceError(404, "unknown_user", sentence, ["body", "user"])
    return events


def store_of(service: Service) -> HistoryStore:
    """Give the store.

    Raises:
        ServiceError: There is none: status 501.
    """
    if service.store is None:
        sentence = "this service keeps no histories of users; give a history"
        raise ServiceError(501, "no_store", sentence)
    return service.store


def query_for(engine: Engine, history: History, asked: OneHistory, k: int) -> Query:
    """Make the query for the history, which the model is asked as `/recommend` asks it.

    Raises:
        ServiceError: The model doesn't have the answers that are to be mixed: status 422.
    """
    try:
        inference = engine.choose(asked.mix, None, with_probability=False)
    except MiqrecError as error:
        raise refused(str(error), "mix") from error
    common = Wanted(inference, engine.inference.exclude_seen, None, k, with_probability=False)
    return query_of(engine, history, common)


def positions(engine: Engine, history: History) -> Ids:
    """Count the items that came after each one that the model knows, the newest first: (n,)."""
    numbers = engine.items.numbers([item_of(each) for each in reversed(history)])
    return np.flatnonzero(numbers)


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
