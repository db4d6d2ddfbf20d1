"""Explanations of lists: each item of a history is left out in turn."""

from typing import Any, NamedTuple

from miqrec.serving.asked import artifact_of, positions
from miqrec.serving.asking import History
from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Query
from miqrec.serving.items import Ids
from miqrec.serving.schemas import Reason
from miqrec.serving.service import Service


class Because(NamedTuple):
    """Why an item is recommended."""

    number: int  # internal
    rank: int
    reasons: list[Reason]  # what counts most comes first


async def explain_query(
    service: Service, engine: Engine, history: History, query: Query, items: Ids | None
) -> list[Because]:
    """Find what each item of a history is worth to recommended items, beside the passes.

    Args:
        service: Its batcher has the threads.
        engine: The model.
        history: As it was asked about, with the items that the model doesn't know.
        query: What the model is asked after this history, which has known items.
        items: Internal ids to explain; None for those of the list.

    Raises:
        ServiceError: The engine has no explanations, or is busy with others: status 501 or 503.
    """
    frame = await service.batcher.study(_leave_out, artifact_of(engine), query, items)
    places = positions(engine, history).tolist()
    parts = (part.rows(named=True) for part in frame.partition_by("id", maintain_order=True))
    return [
        Because(rows[0]["id"], rows[0]["rank"], [_reason(engine, places, row) for row in rows])
        for rows in parts
    ]


def _leave_out(artifact: Any, query: Query, items: Ids | None) -> Any:
    """Measure influences, a row for each explained item and item of the history."""
    import torch

    from miqrec.evaluation.top_lists import ListRequest
    from miqrec.explanation import leave_one_out

    request = ListRequest(artifact.model, artifact.popularity, query.k, query.inference)
    named = None if items is None else torch.from_numpy(items)
    seen = torch.from_numpy(query.seen)
    return leave_one_out(request, torch.from_numpy(query.history), named, seen)


def _reason(engine: Engine, places: list[int], row: dict[str, Any]) -> Reason:
    return Reason(
        item=engine.items.external[row["because"]],
        title=engine.items.titles[row["because"]],
        position=places[row["position"]],
        influence=row["influence"],
        rank_without=row["rank_without"],
    )
