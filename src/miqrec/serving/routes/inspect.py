"""`POST /inspect`: which positions and queries spoke, with what weight, and where each looked."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from miqrec.serving.asked import OneHistory, look_into, positions
from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Query
from miqrec.serving.schemas import ModelInfo
from miqrec.serving.service import Parts

router = APIRouter(tags=["explanations"])


class ReadItem(BaseModel):
    """An item that the model reads."""

    item: str | int
    title: str
    position: int
    """How many items came after it in the history; 0 for the newest."""


class Answering(BaseModel):
    """A position whose answer counts."""

    position: int
    """How many of the items that are read come after it; 0 for the newest."""
    share: float
    """The weight of its answer; all shares sum to 1."""


class Asking(BaseModel):
    """A query of one answering position in one layer of attention."""

    layer: int
    """From 1, the first."""
    answer: int
    """The answering position."""
    query: int
    """How many items before the answering position the query's item stands; 0 for the position's own."""
    title: str | None
    """The query's item; null where the window reaches beyond the history and a learned dummy item asks."""
    weight: float
    """Its weight; the weights of all queries of an answer sum to 1."""
    looks: list[float]
    """How much it looks at each item that is read, oldest first; they sum to 1."""


class InspectAnswer(BaseModel):
    """What spoke when a history was read."""

    model: ModelInfo
    history: list[ReadItem]
    """The items that the model reads, oldest first."""
    answers: list[Answering]
    """Empty for models that count, and where popularity answers."""
    queries: list[Asking]
    """Empty for models without attention."""


@router.post("/inspect")
async def inspect(request: OneHistory, service: Parts) -> InspectAnswer:
    """Show which positions and queries spoke, with what weight, and where each looked."""
    engine, artifact, history, query, model = await look_into(service, request, k=1)
    if len(query.history) == 0:
        return InspectAnswer(model=model, history=[], answers=[], queries=[])
    window = await service.batcher.study(_window, artifact.model, query)
    newest_first = zip(
        window.history.flip(0).tolist(), positions(engine, history).tolist(), strict=False
    )
    return InspectAnswer(
        model=model,
        history=[_read(engine, *each) for each in newest_first][::-1],
        answers=[Answering(**row) for row in window.answers.drop("id").rows(named=True)],
        queries=[_asking(engine, **row) for row in window.queries.rows(named=True)],
    )


def _window(model: Any, query: Query) -> Any:
    """Look into the model in one of the engine's threads."""
    import torch

    from miqrec.explanation import window_of

    return window_of(model, torch.from_numpy(query.history), query.inference)


def _read(engine: Engine, number: int, position: int) -> ReadItem:
    items = engine.items
    return ReadItem(item=items.external[number], title=items.titles[number], position=position)


def _asking(engine: Engine, id: int, **row: Any) -> Asking:  # noqa: A002 - a column of the window
    return Asking(**row, title=engine.items.titles[id] if id else None)
