"""The routes, a file each; `ROUTERS` is what the service includes."""

from miqrec.serving.routes import (
    abilities,
    compare,
    explain,
    health,
    history,
    inspect,
    metrics,
    recommend,
    what_if,
)

ROUTERS = [
    recommend.router,
    explain.router,
    what_if.router,
    inspect.router,
    compare.router,
    history.router,
    abilities.router,
    health.router,
    metrics.router,
]
"""In the order in which the OpenAPI description shows them."""
