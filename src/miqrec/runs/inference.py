"""How a fitted model is used."""

from miqrec.config import Config


class InferenceConfig(Config):
    """What every command that uses a model goes by, unless it is told otherwise."""

    exclude_seen: bool = True
    """Leave what a user has had already out of lists; a held-out item that was had before is then a miss."""
