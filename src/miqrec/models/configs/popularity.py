"""The popularity baseline's settings."""

from typing import Literal

from miqrec.config import Config
from miqrec.models.registry import register


class PopularityConfig(Config):
    """The config of a model without settings."""

    name: Literal["popularity"] = "popularity"


register(PopularityConfig, "miqrec.models.popularity:Popularity")
