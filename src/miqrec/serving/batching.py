"""Requests that come while the engine works are answered together by its next pass.

Nobody waits for a batch to fill: an idle engine takes what is there. The busier it is, the more requests
gather, and a pass over many costs less for each.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import groupby
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from miqrec.serving.engine.protocol import Engine, Listed, Query
from miqrec.serving.errors import ServiceError

R = TypeVar("R")


class _Waiting(NamedTuple):
    engine: Engine
    query: Query
    answer: "asyncio.Future[Listed]"
    since: float


class Batcher:
    """A queue of queries before one thread in which the engine works.

    Args:
        largest: How many queries one pass takes at most.
        room: How many queries may wait; more are refused with status 503.
        patience: For how many seconds one may wait; then it is refused too.
    """

    def __init__(self, largest: int, room: int, patience: float) -> None:
        self._largest, self._room, self._patience = largest, room, patience
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "engine")

    @property
    def waiting(self) -> int:
        """How many queries wait for the engine."""
        return len(self._queue)

    async def ask(self, engine: Engine, queries: list[Query]) -> list[Listed]:
        """Answer queries; they wait for their turn, and may be answered together with others.

        Raises:
            ServiceError: There is no room for them, or they waited for too long: status 503.
        """
        if len(self._queue) + len(queries) > self._room:
            raise _busy()
        loop, now = asyncio.get_running_loop(), monotonic()
        waiting = [_Waiting(engine, query, loop.create_future(), now) for query in queries]
        self._queue.extend(waiting)
        self._arrived.set()
        return list(await asyncio.gather(*(each.answer for each in waiting)))

    async def work(self, function: Callable[..., R], *arguments: Any) -> R:
        """Run a function that computes in the engine's thread, between two of its passes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *arguments))

    async def run(self) -> None:
        """Answer what comes, until this task is cancelled."""
        while True:
            await self._arrived.wait()
            await self._answer(self._take())
            if not self._queue:
                self._arrived.clear()

    def close(self) -> None:
        """Refuse what still waits, and end the thread."""
        for each in self._take(len(self._queue)):
            each.answer.set_exception(_busy())
        self._thread.shutdown()

    def _take(self, most: int | None = None) -> list[_Waiting]:
        """Take the oldest queries that somebody still waits for; those that waited too long are refused."""
        batch: list[_Waiting] = []
        latest = monotonic() - self._patience
        while self._queue and len(batch) < (self._largest if most is None else most):
            each = self._queue.popleft()
            if each.answer.done():  # the client has gone
                continue
            if each.since < latest:
                each.answer.set_exception(_busy())
            else:
                batch.append(each)
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        batch.sort(key=_alike)
        for _, group in groupby(batch, _alike):
            alike = list(group)
            outcomes: list[Listed] | Exception
            try:
                outcomes = await self.work(alike[0].engine.lists, [each.query for each in alike])
            except Exception as error:
                outcomes = error
            _tell(alike, outcomes)


def _alike(each: _Waiting) -> tuple[int, str]:
    """Order queries so that those that one pass can answer stand together."""
    return id(each.engine), repr(each.query.inference)


def _tell(group: list[_Waiting], outcomes: list[Listed] | Exception) -> None:
    for place, each in enumerate(group):
        with contextlib.suppress(asyncio.InvalidStateError):  # the client has gone meanwhile
            if isinstance(outcomes, Exception):
                each.answer.set_exception(outcomes)
            else:
                each.answer.set_result(outcomes[place])


def _busy() -> ServiceError:
    message = "more requests wait than the service can answer in time; ask again in a second"
    return ServiceError(503, "busy", message, retry_after=1)
