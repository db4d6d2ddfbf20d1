"""Which interactions count."""

from pydantic import Field

from miqrec.config import Config


class Filters(Config):
    """Which interactions count; by default all of them."""

    min_user: int = Field(0, ge=0)
    """The fewest interactions a user may have."""
    min_item: int = Field(0, ge=0)
    """The fewest interactions an item may have."""
    fixed_point: bool = False
    """Filter until both hold for what is left (the k-core), not once on the raw counts as SASRec does."""
    drop_duplicates: bool = False
    """Keep only the first of a user's interactions with an item, before anything is counted."""
