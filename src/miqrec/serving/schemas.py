"""Requests and answers, as the service's OpenAPI description tells of them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator
from pydantic.config import JsonDict

from miqrec.serving.filters import Condition

ItemId = StrictStr | StrictInt
"""The shop's own id of an item."""
UserId = StrictStr | StrictInt
ListSource = Literal["model", "popularity"]
ItemSource = Literal["model", "popularity", "attributes"]

_EXAMPLES: list[JsonDict] = [
    {"histories": [["the-silent-harbour", "the-golden-lighthouse"]], "k": 3},
    {
        "users": ["ann", "bob"],
        "filters": {"category": ["books", "films"], "in_stock": True, "price": {"max": 20}},
        "exclude_seen": ["purchase"],
        "with_uncertainty": True,
    },
    {"histories": [[{"item": "the-bitter-cathedral", "kind": "view"}]], "mix": [0.6, 0.4]},
]


class Strict(BaseModel):
    """A request; a key that there is not is refused, and so is a value of another type, such as "10"."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )


class Interaction(Strict):
    """An item of a history, and what happened with it."""

    item: ItemId
    kind: StrictStr | None = None
    """Such as view or purchase; `exclude_seen` may go by it."""


class RecommendRequest(Strict):
    """Whom to recommend to, and what the lists may hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [*_EXAMPLES]})

    users: list[UserId] | None = None
    """Users whose events the service keeps; instead of `histories`."""
    histories: list[list[ItemId | Interaction]] | None = None
    """What people have had, a list for each, the oldest item first; instead of `users`."""
    k: int = Field(default=10, ge=1)
    """The length of the lists."""
    exclude: list[ItemId] = []
    """Items that no list may hold."""
    allow: list[ItemId] | None = None
    """The only items that a list may hold."""
    filters: dict[str, Condition] = {}
    """What an item's attributes must be, all of it: a value, such as `true`; several, of which the item has
    one; or a range, `{"min": 5, "max": 20}`. A list is shorter where fewer items are left."""
    exclude_seen: bool | list[StrictStr] | None = None
    """Whether lists leave out what is in the history; kinds of events leave out the items of such events
    alone. By default as saved with the model."""
    mix: Annotated[list[float], Field(min_length=1)] | Literal["trained"] | None = None
    """The weights of the newest positions' answers, the newest first; by default as saved with the model."""
    temperature: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """What scores are divided by before answers are mixed; by default as saved with the model."""
    with_uncertainty: bool = False
    """Say how likely each item is to be the next one."""
    with_explanations: bool = False
    """Say what each item of the history is worth to each item of the list; a list then takes as many passes
    of the model as its history has items. It needs the saved model and PyTorch."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "RecommendRequest":
        if (self.users is None) == (self.histories is None):
            raise ValueError("give either users or histories")
        return self


class Reason(BaseModel):
    """An item of the history, and what it is worth to a recommended item."""

    item: str | int
    title: str
    position: int
    """How many items came after it; 0 for the newest."""
    influence: float | None
    """By how much the logarithm of the recommended item's probability, or its score, falls without it; null
    where nothing would be left of the history."""
    rank_without: int
    """The recommended item's place in the list without it."""


class Recommended(BaseModel):
    """One item of a list."""

    item: str | int
    title: str
    score: float
    rank: int
    source: ItemSource
    """attributes where nobody had used the item when the model was trained, so that its score comes from
    items with the same attributes; otherwise that of the list."""
    probability: float | None
    """How likely it is to be the next one, of all items that the history leaves; null where nobody asked
    for it, or popularity answered."""
    because: list[Reason] | None = None
    """What each item of the history that the model reads is worth to it, what counts most first; null where
    nobody asked for it, or popularity answered."""


class RecommendedList(BaseModel):
    """The list for one history or user."""

    user: str | int | None
    """null where a history was given."""
    source: ListSource
    """popularity where nothing is known of the history's items."""
    unknown: int
    """How many items of the history the model doesn't know."""
    items: list[Recommended]


class ModelInfo(BaseModel):
    """The model that answered."""

    model_config = ConfigDict(from_attributes=True)

    model: str
    version: str
    runtime: str


class RecommendAnswer(BaseModel):
    """A list for each history or user, in their order."""

    model: ModelInfo
    lists: list[RecommendedList]
