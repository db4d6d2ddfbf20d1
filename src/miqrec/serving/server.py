"""The service in a process of its own: uvicorn until a signal ends it."""

import asyncio
import gc
import logging
import os
import signal
import socket

import uvicorn
from fastapi import FastAPI

from miqrec.errors import MiqrecError
from miqrec.serving.app import create_app
from miqrec.serving.logs import log_as_json
from miqrec.serving.settings import Settings

log = logging.getLogger(__name__)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, and load the model again at SIGHUP.

    Requests that are being answered when it is told to stop are answered first.

    Raises:
        MiqrecError: The model can't be loaded, or the address is taken.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # passes go on side by side, each in one thread
    place = _bind(settings.host, settings.port)
    app = create_app(settings)
    gc.collect()
    gc.freeze()  # what is loaded once is not looked at again and again, while a request waits
    log_as_json(settings.log_level)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=settings.grace_seconds,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(uvicorn.Server(config), app, place))


def _bind(host: str, port: int) -> socket.socket:
    """Take the address, before the model is loaded; nobody can connect until the service listens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        place.bind((host, port))
    except OSError as error:
        place.close()
        raise MiqrecError(
            f"can't listen at {host}, port {port}: {error.strerror or error}; choose another --host or --port"
        ) from error
    return place


async def _serve(server: uvicorn.Server, app: FastAPI, place: socket.socket) -> None:
    if hasattr(signal, "SIGHUP"):  # Windows has none
        reload = app.state.swapper.reload
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    host, port = place.getsockname()[:2]
    log.info("serving", extra={"fields": {"host": host, "port": port}})
    await server.serve(sockets=[place])
