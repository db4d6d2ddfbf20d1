"""Where lists and their items come from: the model, popularity, or items with the same attributes."""

from miqrec.serving.engine.protocol import Query
from miqrec.serving.items import Items
from miqrec.serving.schemas import ItemSource, ListSource


def list_source(query: Query) -> ListSource:
    """Say what answers a query: popularity where nothing is known of the history's items."""
    return "model" if len(query.history) else "popularity"


def item_source(items: Items, number: int, source: ListSource) -> ItemSource:
    """Say where the score of an item (internal id) of a list from that source comes from."""
    return "attributes" if source == "model" and items.described[number] else source
