"""The service put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from miqrec.serving.errors import ErrorAnswer, add_error_handlers
from miqrec.serving.routes import ROUTERS
from miqrec.serving.service import Service, make_service
from miqrec.serving.settings import Settings

PROBLEMS = {401: "The API key is missing or wrong.", 422: "The request can't be honoured."}


def create_app(settings: Settings) -> FastAPI:
    """Load the model and make the application, whose parts are in `app.state.service`.

    Raises:
        MiqrecError: The model can't be loaded.
    """
    service = make_service(settings)
    app = FastAPI(
        title="miqrec",
        version=version("miqrec"),
        summary="Recommends what a person is likely to want next.",
        lifespan=_lifespan,
        responses={
            status: {"model": ErrorAnswer, "description": text} for status, text in PROBLEMS.items()
        },
    )
    app.state.service = service
    add_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Let the batcher work while the service runs."""
    service: Service = app.state.service
    answering = asyncio.create_task(service.batcher.run())
    try:
        yield
    finally:
        answering.cancel()
        service.batcher.close()
