"""The service in a process of its own: uvicorn until a signal ends it."""

import uvicorn

from miqrec.serving.app import create_app
from miqrec.serving.settings import Settings


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests that are being answered are answered first.

    Raises:
        MiqrecError: The model can't be loaded.
    """
    app = create_app(settings)
    config = uvicorn.Config(app, settings.host, settings.port, access_log=False)
    uvicorn.Server(config).run()
