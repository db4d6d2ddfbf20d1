"""Two lists beside each other: which items stand where, and how alike the lists are."""

from importlib.util import find_spec
from typing import NamedTuple

from pydantic import BaseModel, Field

from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Listed, Query
from miqrec.serving.errors import ServiceError
from miqrec.serving.items import Id
from miqrec.serving.schemas import ItemSource, ListSource
from miqrec.serving.sources import item_source, list_source


class Answered(NamedTuple):
    """A list, and what it answers."""

    engine: Engine
    query: Query
    listed: Listed


class Placed(BaseModel):
    """An item of one list, and its place in the other."""

    item: str | int
    title: str
    rank: int
    """Its place in this list, from 1."""
    other: int | None
    """Its place in the other list; null where it isn't there."""
    source: ItemSource
    """attributes where nobody had used the item when the model was trained; otherwise that of its list."""


class Comparison(BaseModel):
    """Two lists, and how alike they are."""

    first: list[Placed]
    second: list[Placed]
    sources: tuple[ListSource, ListSource]
    """What answered for each list: popularity where nothing is known of the history's items."""
    frbo: float = Field(ge=0, le=1 + 1e-9)
    """The finite rank-biased overlap of the lists (FRBO@k): 1 for equal lists, 0 for lists without a common
    item; the first places count most."""


def compare(first: Answered, second: Answered, k: int) -> Comparison:
    """Put two lists of at most k items beside each other; items are the same by their own ids.

    Raises:
        ServiceError: The overlap is computed by PyTorch, which is not installed: status 501.
    """
    if sentence := without_comparisons():
        raise ServiceError(501, "needs_torch", sentence)
    ids, others = _external(first), _external(second)
    return Comparison(
        first=_placed(first, others),
        second=_placed(second, ids),
        sources=(list_source(first.query), list_source(second.query)),
        frbo=_overlap(ids, others, k),
    )


def without_comparisons() -> str | None:
    """Say why lists can't be compared, if they can't."""
    if find_spec("torch"):
        return None
    return "comparing lists needs PyTorch, which is not installed here: pip install 'miqrec[torch]'"


def _external(answered: Answered) -> list[Id]:
    return [answered.engine.items.external[number] for number in answered.listed.ids]


def _placed(own: Answered, others: list[Id]) -> list[Placed]:
    items, source = own.engine.items, list_source(own.query)
    places = {item: place for place, item in enumerate(others, 1)}
    return [
        Placed(
            item=items.external[number],
            title=items.titles[number],
            rank=rank,
            other=places.get(items.external[number]),
            source=item_source(items, number, source),
        )
        for rank, number in enumerate(own.listed.ids, 1)
    ]


def _overlap(first: list[Id], second: list[Id], k: int) -> float:
    """Compute FRBO@k; where a list is shorter, 0 stands for the items that aren't there."""
    import torch

    from miqrec.stability.similarity import frbo

    numbers = {item: number for number, item in enumerate(dict.fromkeys([*first, *second]), 1)}
    one, other = (
        [numbers[item] for item in items] + [0] * (k - len(items)) for items in (first, second)
    )
    return float(frbo(torch.tensor(one), torch.tensor(other), k))
