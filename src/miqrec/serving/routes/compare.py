"""`POST /compare`: the lists of two models side by side."""

import asyncio

from fastapi import APIRouter
from pydantic import Field

from miqrec.serving.asked import OneHistory, history_of, query_for
from miqrec.serving.comparing import Answered, Comparison, compare
from miqrec.serving.errors import ServiceError
from miqrec.serving.limits import check_k
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
    check_k(service.settings, request.k)
    engine, other = service.engine, service.beside
    history = await history_of(service, request)
    as_saved = request.model_copy(update={"mix": None})
    query = query_for(engine, history, request, request.k)
    others = query_for(other, history, as_saved, request.k)
    [first], [second] = await asyncio.gather(
        service.batcher.ask(engine, [query]), service.batcher.ask(other, [others])
    )
    return compare(Answered(engine, query, first), Answered(other, others, second), request.k)
