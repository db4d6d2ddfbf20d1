"""Two lists beside each other: which items stand where, and how alike the lists are."""

from importlib.util import find_spec

from pydantic import BaseModel, Field

from miqrec.serving.engine import Engine
from miqrec.serving.engine.protocol import Listed
from miqrec.serving.errors import ServiceError
from miqrec.serving.items import Id


class Placed(BaseModel):
    """An item of one list, and its place in the other."""

    item: str | int
    title: str
    rank: int
    """Its place in this list, from 1."""
    other: int | None
    """Its place in the other list; null where it isn't there."""


class Comparison(BaseModel):
    """Two lists, and how alike they are."""

    first: list[Placed]
    second: list[Placed]
    frbo: float = Field(ge=0, le=1 + 1e-9)
    """The finite rank-biased overlap of the lists (FRBO@k): 1 for equal lists, 0 for lists without a common
    item; the first places count most."""


def compare(engines: tuple[Engine, Engine], lists: tuple[Listed, Listed], k: int) -> Comparison:
    """Put two lists of at most k items beside each other; items are the same by their own ids.

    Raises:
        ServiceError: The overlap is computed by PyTorch, which is not installed: status 501.
    """
    if sentence := without_comparisons():
        raise ServiceError(501, "needs_torch", sentence)
    first, second = (
        [(engine.items.external[id_], engine.items.titles[id_]) for id_ in listed.ids]
        for engine, listed in zip(engines, lists, strict=True)
    )
    return Comparison(
        first=_placed(first, second),
        second=_placed(second, first),
        frbo=_overlap([item for item, _ in first], [item for item, _ in second], k),
    )


def without_comparisons() -> str | None:
    """Say why lists can't be compared, if they can't."""
    if find_spec("torch"):
        return None
    return "comparing lists needs PyTorch, which is not installed here: pip install 'miqrec[torch]'"


def _placed(own: list[tuple[Id, str]], others: list[tuple[Id, str]]) -> list[Placed]:
    places = {item: place for place, (item, _) in enumerate(others, 1)}
    return [
        Placed(item=item, title=title, rank=rank, other=places.get(item))
        for rank, (item, title) in enumerate(own, 1)
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
