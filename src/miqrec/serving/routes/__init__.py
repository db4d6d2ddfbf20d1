"""The routes, a file each; `ROUTERS` is what the service includes."""

from miqrec.serving.routes import health, metrics, recommend

ROUTERS = [health.router, metrics.router, recommend.router]
"""In the order in which the OpenAPI description shows them."""
