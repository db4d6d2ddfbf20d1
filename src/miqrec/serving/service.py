"""The parts of a running service, which its routes find in `app.state.service`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from miqrec.serving.batching import Batcher
from miqrec.serving.engine import Engine, open_engine
from miqrec.serving.metrics import Metrics
from miqrec.serving.settings import Settings
from miqrec.serving.store import HistoryStore, open_store


class Refusal(NamedTuple):
    """Why the newest model is not the one that answers."""

    reason: str
    since: datetime


@dataclass
class Service:
    """What routes work with.

    Attributes:
        settings: How the service is run.
        engine: The model that answers. A newer one takes its place while requests are answered, so that a
            request takes it once and keeps it.
        batcher: Where queries wait for the engine.
        metrics: What is counted for `/metrics`.
        beside: A second model to compare the first with; None where there is none. It is never swapped.
        store: The histories of known users; None where there is none.
        refusal: Why a newer model did not take the engine's place; None where none was refused.
    """

    settings: Settings
    engine: Engine
    batcher: Batcher
    metrics: Metrics
    beside: Engine | None = None
    store: HistoryStore | None = None
    refusal: Refusal | None = None


def make_service(settings: Settings) -> Service:
    """Load the model and put the parts together.

    Raises:
        MiqrecError: The model can't be loaded, or the store can't be opened.
    """
    engine = open_engine(settings.artifact, index=settings.index, items=settings.items)
    beside = open_engine(settings.beside, index=settings.index) if settings.beside else None
    batcher = Batcher(settings.threads, settings.max_batch, settings.max_queue, settings.max_wait)
    store = open_store(settings.store) if settings.store else None
    return Service(settings, engine, batcher, Metrics(batcher, engine), beside, store)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Parts = Annotated[Service, Depends(_service)]
"""The parameter of a route that works with the service."""
