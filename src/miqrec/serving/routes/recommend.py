"""`POST /recommend`: lists for users or histories."""

from collections.abc import Sequence

import numpy as np
from fastapi import APIRouter

from miqrec.serving.engine.protocol import Engine, Listed, Query
from miqrec.serving.schemas import (
    ModelInfo,
    RecommendAnswer,
    Recommended,
    RecommendedList,
    RecommendRequest,
)
from miqrec.serving.service import Parts, Service

router = APIRouter(tags=["recommendations"])


@router.post("/recommend")
async def recommend(request: RecommendRequest, service: Parts) -> RecommendAnswer:
    """List the best items after each history."""
    engine = service.engine
    queries = [_query(engine, history, request) for history in request.histories or []]
    found = await service.batcher.ask(engine, queries)
    lists = [
        _answer(engine, query, listed, len(history))
        for query, listed, history in zip(queries, found, request.histories or [], strict=True)
    ]
    _count(service, lists)
    return RecommendAnswer(model=ModelInfo(**engine.about._asdict()), lists=lists)


def _query(engine: Engine, history: Sequence[str | int], request: RecommendRequest) -> Query:
    numbers = engine.items.numbers(history)
    known = numbers[numbers > 0]
    inference = engine.choose(None, None, with_probability=False)
    seen = known if engine.inference.exclude_seen else known[:0]
    return Query(known, np.asarray(seen), None, request.k, inference)


def _answer(engine: Engine, query: Query, listed: Listed, asked: int) -> RecommendedList:
    items = engine.items
    found: Sequence[float | None] = listed.probabilities or [None] * len(listed.ids)
    rows = zip(listed.ids, listed.scores, found, strict=True)
    return RecommendedList(
        source="model" if len(query.history) else "popularity",
        unknown=asked - len(query.history),
        items=[
            Recommended(
                item=items.external[id_],
                title=items.titles[id_],
                score=score,
                rank=rank,
                probability=probability,
            )
            for rank, (id_, score, probability) in enumerate(rows, 1)
        ],
    )


def _count(service: Service, lists: list[RecommendedList]) -> None:
    for each in lists:
        service.metrics.lists.labels(each.source).inc()
