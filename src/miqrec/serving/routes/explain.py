"""`POST /explain`: the items of a history that count most for recommended items."""

from typing import Literal

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, Field

from miqrec.models.protocol import learns
from miqrec.serving.asked import OneHistory, look_into
from miqrec.serving.engine import Engine
from miqrec.serving.errors import refused
from miqrec.serving.explaining import explain_query
from miqrec.serving.items import Ids
from miqrec.serving.schemas import ItemId, ItemSource, ListSource, ModelInfo, Reason
from miqrec.serving.service import Parts
from miqrec.serving.sources import item_source

router = APIRouter(tags=["explanations"])

Measured = Literal["probability", "score"]


class ExplainRequest(OneHistory):
    """Which recommended items to explain."""

    items: list[ItemId] | None = Field(default=None, max_length=100)
    """The items to explain; by default the k best."""
    k: int = Field(default=3, ge=1, le=100)
    """How many items to explain where they aren't named."""


class Explained(BaseModel):
    """A recommended item, and why it is there."""

    item: str | int
    title: str
    rank: int
    source: ItemSource
    """attributes where nobody had used the item when the model was trained; otherwise model."""
    because: list[Reason]
    """What counts most comes first."""


class ExplainAnswer(BaseModel):
    """The items that are explained, in the order of the list."""

    model: ModelInfo
    source: ListSource
    """popularity where nothing is known of the history's items; then nothing explains the list."""
    measured: Measured
    """What influences are measured on: the logarithm of the probability, or, for models that only count and
    have no probabilities, the score."""
    explained: list[Explained]


@router.post("/explain")
async def explain(request: ExplainRequest, service: Parts) -> ExplainAnswer:
    """Find the items of a history that count most for recommended items, by leaving each out."""
    engine, artifact, history, query, model = await look_into(service, request, request.k)
    measured: Measured = "probability" if learns(artifact.model) else "score"
    if len(query.history) == 0:
        return ExplainAnswer(model=model, source="popularity", measured=measured, explained=[])
    items = None if request.items is None else _named(engine, request.items)
    found = await explain_query(service, engine, history, query, items)
    explained = [_explained(engine, *each) for each in found]
    return ExplainAnswer(model=model, source="model", measured=measured, explained=explained)


def _named(engine: Engine, items: list[str | int]) -> Ids:
    numbers = engine.items.numbers(items)
    if unknown := np.flatnonzero(numbers == 0).tolist():
        raise refused(f"the model doesn't know {items[unknown[0]]!r}", "items", unknown[0])
    return numbers


def _explained(engine: Engine, number: int, rank: int, because: list[Reason]) -> Explained:
    items = engine.items
    return Explained(
        item=items.external[number],
        title=items.titles[number],
        rank=rank,
        source=item_source(items, number, "model"),
        because=because,
    )
