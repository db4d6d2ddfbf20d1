"""Histories of known users: events are appended, durably, and read back in their order."""

from miqrec.serving.store.errors import StoreError
from miqrec.serving.store.event import Event, StoredEvent
from miqrec.serving.store.opening import open_store
from miqrec.serving.store.store import HistoryStore

__all__ = ["Event", "HistoryStore", "StoreError", "StoredEvent", "open_store"]
