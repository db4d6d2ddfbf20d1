"""The service in a process of its own: uvicorn until a signal ends it."""

import asyncio
import gc
import os
import signal

import uvicorn
from fastapi import FastAPI

from miqrec.serving.app import create_app
from miqrec.serving.logs import log_as_json
from miqrec.serving.settings import Settings


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, and load the model again at SIGHUP.

    Requests that are being answered when it is told to stop are answered first.

    Raises:
        MiqrecError: The model can't be loaded.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # passes go on side by side, each in one thread
    app = create_app(settings)
    gc.collect()
    gc.freeze()  # what is loaded once is not looked at again and again, while a request waits
    log_as_json(settings.log_level)
    config = uvicorn.Config(
        app,
        settings.host,
        settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(uvicorn.Server(config), app))


async def _serve(server: uvicorn.Server, app: FastAPI) -> None:
    if hasattr(signal, "SIGHUP"):  # Windows has none
        reload = app.state.swapper.reload
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    await server.serve()
