"""Requests and answers, as the service's OpenAPI description tells of them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr
from pydantic.config import JsonDict

ItemId = Annotated[StrictStr | StrictInt, Field(description="The shop's own id of an item.")]

EXAMPLE: JsonDict = {"histories": [["the-silent-harbour", "the-golden-lighthouse"]], "k": 3}


class Strict(BaseModel):
    """A request; a key that there is not is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RecommendRequest(Strict):
    """Whom to recommend to, and what the lists may hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    histories: list[list[ItemId]] | None = None
    """What people have had, a list for each, the oldest item first."""
    k: int = Field(default=10, ge=1)
    """The length of the lists."""


class Recommended(BaseModel):
    """One item of a list."""

    item: str | int
    title: str
    score: float
    rank: int
    probability: float | None = None


class RecommendedList(BaseModel):
    """The list for one history or user."""

    source: Literal["model", "popularity"]
    """popularity where nothing is known of the history's items."""
    unknown: int
    """How many items of the history the model doesn't know."""
    items: list[Recommended]


class ModelInfo(BaseModel):
    """The model that answered."""

    model: str
    version: str
    runtime: str


class RecommendAnswer(BaseModel):
    """A list for each history, in their order."""

    model: ModelInfo
    lists: list[RecommendedList]
