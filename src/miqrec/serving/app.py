"""The service put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import Depends, FastAPI

from miqrec.serving.bodies import BodyLimit
from miqrec.serving.errors import ErrorAnswer, add_error_handlers
from miqrec.serving.keys import require_key
from miqrec.serving.logs import RequestLog
from miqrec.serving.routes import OPEN, ROUTERS
from miqrec.serving.service import Service, make_service
from miqrec.serving.settings import Settings
from miqrec.serving.swap import Swapper, signature

PROBLEMS = {
    400: "The body is no JSON.",
    401: "The API key is missing or wrong.",
    404: "Nothing is known of what is asked about.",
    408: "The body took too long to arrive.",
    413: "The body is too long.",
    422: "The request can't be honoured; `where` names what is to blame.",
    501: "This service has no part that does it, such as a store.",
    503: "Too much waits already; `Retry-After` says when to ask again.",
}
"""What every request may be answered with."""


def create_app(settings: Settings) -> FastAPI:
    """Load the model and make the application, whose parts are in `app.state.service`.

    Raises:
        MiqrecError: The model can't be loaded, or the store can't be opened.
    """
    before = signature(settings)
    service = make_service(settings)
    app = FastAPI(
        title="miqrec",
        version=version("miqrec"),
        summary="Recommends what a person is likely to want next.",
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
        lifespan=_lifespan,
        responses={
            status: {"model": ErrorAnswer, "description": text} for status, text in PROBLEMS.items()
        },
    )
    app.state.service, app.state.swapper = service, Swapper(service, before)
    add_error_handlers(app)
    guards = [Depends(require_key)] if settings.api_key else []
    for router in ROUTERS:
        app.include_router(router, dependencies=guards)
    for router in OPEN:
        app.include_router(router)
    app.add_middleware(BodyLimit, most=settings.max_body, seconds=settings.body_seconds)
    app.add_middleware(RequestLog, metrics=service.metrics)  # the last to be added is the outermost
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Answer queries and look for newer models while the service runs; at its end store what waits."""
    service: Service = app.state.service
    parts = (service.batcher, app.state.swapper)
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        service.batcher.close()
        if service.store:
            service.store.close()
