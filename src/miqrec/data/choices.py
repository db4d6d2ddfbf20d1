"""What can be asked of data by a word; commands name these words without waiting for Polars."""

from typing import Literal

OnUnknown = Literal["skip", "error"]
"""What becomes of items or users that are not known: left out with a warning, or refused."""
