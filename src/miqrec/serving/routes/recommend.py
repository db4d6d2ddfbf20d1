"""`POST /recommend`: lists for users or histories."""

import asyncio
from collections.abc import Sequence

import numpy as np
from fastapi import APIRouter, Response

from miqrec.serving.asked import artifact_of
from miqrec.serving.asking import History, query_of, wanted
from miqrec.serving.drift import Answered
from miqrec.serving.engine.protocol import Engine, Listed, Query
from miqrec.serving.errors import ServiceError
from miqrec.serving.explaining import explain_query
from miqrec.serving.limits import check_explained, check_histories, check_k
from miqrec.serving.schemas import (
    ModelInfo,
    RecommendAnswer,
    Recommended,
    RecommendedList,
    RecommendRequest,
    UserId,
)
from miqrec.serving.service import Parts, Service
from miqrec.serving.sources import item_source, list_source

router = APIRouter(tags=["recommendations"])


@router.post("/recommend", response_model=RecommendAnswer)
async def recommend(request: RecommendRequest, service: Parts) -> Response:
    """List the best items for users whose events are kept, or after histories that are given.

    Where nothing is known of a history's items, `source` is "popularity": the list has the items that most
    people had.
    """
    check_k(service.settings, request.k)
    engine = service.engine
    common = wanted(engine, request)
    if request.with_explanations:
        artifact_of(engine)  # or there are none
        check_explained(service.settings, len(request.users or request.histories or ()))
    histories = await _histories(service, request)
    queries = [query_of(engine, history, common) for history in histories]
    found = await service.batcher.ask(engine, queries)
    users: Sequence[UserId | None] = request.users or [None] * len(histories)
    lists = [_list(engine, *each) for each in zip(users, histories, queries, found, strict=True)]
    for each in lists:
        service.metrics.lists.labels(each.source).inc()
    answered = zip(users, queries, lists, found, strict=True)
    service.metrics.drift.observe(
        engine, [Answered(u, q.history, each.unknown, f.ids) for u, q, each, f in answered]
    )
    if request.with_explanations:
        for asked in zip(histories, queries, found, lists, strict=True):
            await _explain(service, engine, *asked)
    answer = RecommendAnswer(model=ModelInfo.model_validate(engine.about), lists=lists)
    return Response(answer.model_dump_json(), media_type="application/json")


async def _explain(
    service: Service,
    engine: Engine,
    history: History,
    query: Query,
    listed: Listed,
    answer: RecommendedList,
) -> None:
    """Tell of each item of a list why it is there."""
    if len(query.history) == 0 or not listed.ids:
        return
    found = await explain_query(service, engine, history, query, np.array(listed.ids))
    reasons = {because.number: because.reasons for because in found}
    for item, number in zip(answer.items, listed.ids, strict=True):
        item.because = reasons[number]


async def _histories(service: Service, request: RecommendRequest) -> Sequence[History]:
    """Take the histories of the request, or those of its users."""
    if request.histories is not None:
        check_histories(service.settings, request.histories)
        return request.histories
    if service.store is None:
        sentence = "this service keeps no events, so it knows no users; give histories"
        raise ServiceError(501, "no_store", sentence, ["body", "users"])
    check_histories(service.settings, users=request.users or [])
    names = [str(user) for user in request.users or []]
    newest = service.settings.max_history
    stored: Sequence[History] = await asyncio.to_thread(service.store.histories, names, newest)
    return stored


def _list(
    engine: Engine, user: UserId | None, history: History, query: Query, listed: Listed
) -> RecommendedList:
    items = engine.items
    source = list_source(query)
    found: Sequence[float | None] = listed.probabilities or [None] * len(listed.ids)
    rows = zip(listed.ids, listed.scores, found, strict=True)
    return RecommendedList.model_construct(
        user=user,
        source=source,
        unknown=len(history) - len(query.history),
        items=[
            Recommended.model_construct(
                item=items.external[number],
                title=items.titles[number],
                score=score,
                rank=rank,
                source=item_source(items, number, source),
                probability=probability,
            )
            for rank, (number, score, probability) in enumerate(rows, 1)
        ],
    )
