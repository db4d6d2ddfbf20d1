"""Group commit: what arrives while a transaction is being written goes into the next one, all together."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import NamedTuple

from miqrec.serving.store.errors import StoreError
from miqrec.serving.store.event import Event

WAITING = 10_000
"""Appends that may wait; beyond that the store is flooded."""

TOGETHER = 5_000
"""Events after which a transaction takes no more appends."""

Groups = Sequence[Sequence[Event]]


class _Append(NamedTuple):
    events: Sequence[Event]
    done: "Future[int]"


class Appender:
    """A thread that writes the events that other threads bring.

    A disk flushes some hundred to some thousand times a second, however much there is to flush. While one
    transaction is flushed, appends wait; the next transaction takes all of them.
    """

    def __init__(self, write: Callable[[Groups], list[int]], name: str) -> None:
        self._write, self._name = write, name
        self._queue: Queue[_Append | None] = Queue(WAITING)
        self._closing, self._is_closed = Lock(), False
        self._thread = Thread(target=self._run, name="miqrec-store", daemon=True)
        self._thread.start()

    def submit(self, events: Sequence[Event]) -> "Future[int]":
        """Bring events; the future has the number of those that were new once they are durable.

        Raises:
            StoreError: If too much waits already, or the store was closed.
        """
        append = _Append(events, Future())
        with self._closing:
            if self._is_closed:
                raise StoreError(f"the store {self._name} was closed; open it again")
            try:
                self._queue.put_nowait(append)
            except Full:
                raise StoreError(
                    f"{WAITING:,} appends wait for the store {self._name}; try again in a moment"
                ) from None
        return append.done

    def close(self) -> None:
        """Write what waits, and end."""
        with self._closing:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            appends = [first, *self._waiting(len(first.events))]
            self._settle(
                [append for append in appends if append.done.set_running_or_notify_cancel()]
            )

    def _waiting(self, n_events: int) -> list[_Append]:
        """Take what else waits, as far as it fits into the transaction."""
        appends: list[_Append] = []
        while n_events < TOGETHER:
            try:
                append = self._queue.get_nowait()
            except Empty:
                break
            if append is None:  # the end, which `_run` is to see after this transaction
                self._queue.put(None)
                break
            appends.append(append)
            n_events += len(append.events)
        return appends

    def _settle(self, appends: list[_Append]) -> None:
        try:
            counts = self._write([append.events for append in appends])
        except BaseException as error:  # whoever waits is told, whatever it is
            for append in appends:
                append.done.set_exception(error)
            return
        for append, count in zip(appends, counts, strict=True):
            append.done.set_result(count)
