"""The routes, a file each; `ROUTERS` and `OPEN` are what the service includes."""

from miqrec.serving.routes import (
    abilities,
    compare,
    events,
    explain,
    health,
    history,
    inspect,
    items,
    metrics,
    page,
    recommend,
    what_if,
)

ROUTERS = [
    recommend.router,
    items.router,
    events.router,
    explain.router,
    what_if.router,
    inspect.router,
    compare.router,
    history.router,
    abilities.router,
    metrics.router,
]
"""Those that ask for the API key where there is one, in the order of the OpenAPI description."""

OPEN = [health.router, page.router]
"""Those that anybody may ask."""
