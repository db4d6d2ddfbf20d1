"""The Markov baseline's settings."""

from typing import Literal

from miqrec.config import Config
from miqrec.models.registry import register


class MarkovConfig(Config):
    """The config of a model without settings."""

    name: Literal["markov"] = "markov"


register(MarkovConfig, "miqrec.models.markov:Markov")
