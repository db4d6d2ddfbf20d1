"""`GET /items`: search the items of the model."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from miqrec.serving.service import Parts

router = APIRouter(tags=["items"])

LONGEST = 200
"""Characters of a search."""


class Item(BaseModel):
    """An item with what it can be filtered by."""

    item: str | int
    title: str
    attributes: dict[str, Any]


class ItemsAnswer(BaseModel):
    """The items that were found, those whose titles begin with the text first, then by popularity."""

    items: list[Item] = Field(
        examples=[
            [{"item": "ran", "title": "Ran", "attributes": {"genres": ["Drama"], "year": 1985}}]
        ]
    )


@router.get("/items")
def search(
    service: Parts,
    search: Annotated[str, Query(max_length=LONGEST, examples=["harbour"])] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ItemsAnswer:
    """Find items by a part of their title or id; case doesn't matter. Without a text, list the popular."""
    items = service.engine.items
    return ItemsAnswer(
        items=[
            Item(item=items.external[n], title=items.titles[n], attributes=items.describe(n))
            for n in items.search(search, limit)
        ]
    )
