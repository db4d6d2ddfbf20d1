"""`POST /explain`: the items of a history that count most for recommended items."""

from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, Field

from miqrec.models.protocol import learns
from miqrec.serving.asked import OneHistory, artifact_of, history_of, positions, query_for
from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Query
from miqrec.serving.errors import refused
from miqrec.serving.items import Ids
from miqrec.serving.schemas import ItemId, ModelInfo
from miqrec.serving.service import Parts

router = APIRouter(tags=["explanations"])

Measured = Literal["probability", "score"]


class ExplainRequest(OneHistory):
    """Which recommended items to explain."""

    items: list[ItemId] | None = Field(default=None, max_length=100)
    """The items to explain; by default the k best."""
    k: int = Field(default=3, ge=1, le=100)
    """How many items to explain where they aren't named."""


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


class Explained(BaseModel):
    """A recommended item, and why it is there."""

    item: str | int
    title: str
    rank: int
    because: list[Reason]
    """What counts most comes first."""


class ExplainAnswer(BaseModel):
    """The items that are explained, in the order of the list."""

    model: ModelInfo
    source: Literal["model", "popularity"]
    """popularity where nothing is known of the history's items; then nothing explains the list."""
    measured: Measured
    """What influences are measured on: the logarithm of the probability, or, for models that only count and
    have no probabilities, the score."""
    explained: list[Explained]


@router.post("/explain")
async def explain(request: ExplainRequest, service: Parts) -> ExplainAnswer:
    """Find the items of a history that count most for recommended items, by leaving each out."""
    engine = service.engine
    artifact = artifact_of(engine)
    history = await history_of(service, request)
    query = query_for(engine, history, request, request.k)
    model = ModelInfo(**engine.about._asdict())
    measured: Measured = "probability" if learns(artifact.model) else "score"
    if len(query.history) == 0:
        return ExplainAnswer(model=model, source="popularity", measured=measured, explained=[])
    items = None if request.items is None else _named(engine, request.items)
    frame = await service.batcher.work(_leave_out, artifact, query, items)
    places = positions(engine, history).tolist()
    explained = [
        _explained(engine, places, part.rows(named=True))
        for part in frame.partition_by("id", maintain_order=True)
    ]
    return ExplainAnswer(model=model, source="model", measured=measured, explained=explained)


def _leave_out(artifact: Any, query: Query, items: Ids | None) -> Any:
    """Measure influences in one of the engine's threads."""
    import torch

    from miqrec.evaluation.top_lists import ListRequest
    from miqrec.explanation import leave_one_out

    request = ListRequest(artifact.model, artifact.popularity, query.k, query.inference)
    named = None if items is None else torch.from_numpy(items)
    seen = torch.from_numpy(query.seen)
    return leave_one_out(request, torch.from_numpy(query.history), named, seen)


def _named(engine: Engine, items: list[str | int]) -> Ids:
    numbers = engine.items.numbers(items)
    if unknown := np.flatnonzero(numbers == 0).tolist():
        raise refused(f"the model doesn't know {items[unknown[0]]!r}", "items", unknown[0])
    return numbers


def _explained(engine: Engine, places: list[int], rows: list[dict[str, Any]]) -> Explained:
    name, title = engine.items.external, engine.items.titles
    return Explained(
        item=name[rows[0]["id"]],
        title=title[rows[0]["id"]],
        rank=rows[0]["rank"],
        because=[
            Reason(
                item=name[row["because"]],
                title=title[row["because"]],
                position=places[row["position"]],
                influence=row["influence"],
                rank_without=row["rank_without"],
            )
            for row in rows
        ],
    )
