"""`POST /compare`: the lists of two models side by side."""

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import Field

from miqrec.evaluation.inference import Mix
from miqrec.serving.asked import OneHistory, history_of, known
from miqrec.serving.comparing import Comparison, compare
from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Query
from miqrec.serving.errors import ServiceError
from miqrec.serving.items import Id
from miqrec.serving.service import Parts

router = APIRouter(tags=["explanations"])


class CompareRequest(OneHistory):
    """A history that both models are asked about, each as it is set."""

    k: int = Field(default=10, ge=1, le=100)
    """The length of the lists."""


@router.post("/compare")
async def compare_models(request: CompareRequest, service: Parts) -> Comparison:
    """Compare the list of the model (`first`) with that of the second model (`second`, `--beside`).

    `mix` is for the first model; the second is used as it was saved.
    """
    if service.beside is None:
        raise ServiceError(
            404, "no_second_model", "this service has one model; start it with --beside OTHER"
        )
    engine, other = service.engine, service.beside
    history = await history_of(service, request)
    [first], [second] = await asyncio.gather(
        service.batcher.ask(engine, [_query(engine, history, request.k, request.mix)]),
        service.batcher.ask(other, [_query(other, history, request.k, None)]),
    )
    return compare((engine, other), (first, second), request.k)


def _query(engine: Engine, history: Sequence[Id], k: int, mix: Mix | None) -> Query:
    ids = known(engine, history).ids
    left_out = ids if engine.inference.exclude_seen else ids[:0]
    return Query(ids, left_out, None, k, engine.choose(mix, None, with_probability=False))
