"""Serving: a saved model answers over HTTP.

A name is imported when it is asked for: FastAPI comes with the extra `serving`.
"""

from typing import TYPE_CHECKING

from miqrec.system.lazy import lazy_names

if TYPE_CHECKING:
    from miqrec.serving.app import create_app
    from miqrec.serving.settings import Settings

__all__ = ["Settings", "create_app"]

__getattr__ = lazy_names(
    __name__,
    {"miqrec.serving.app": ["create_app"], "miqrec.serving.settings": ["Settings"]},
)
