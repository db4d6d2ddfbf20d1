"""Requests that come while the engine works are answered together by its next pass.

Nobody waits for a batch to fill: a thread that is idle takes its share of what is there. The busier the
threads are, the more requests gather, and a pass over many costs less for each.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from miqrec.evaluation.inference import InferenceConfig
from miqrec.serving.engine.protocol import Engine, Listed, Query
from miqrec.serving.errors import ServiceError

R = TypeVar("R")


class _Waiting(NamedTuple):
    engine: Engine
    query: Query
    answer: "asyncio.Future[Listed]"
    since: float


class Batcher:
    """A queue of queries before the threads in which the engine works.

    Args:
        threads: How many passes go on at the same time.
        largest: How many queries one pass takes at most.
        room: How many queries may wait; more are refused with status 503.
        patience: For how many seconds one may wait; then it is refused too.
    """

    def __init__(self, threads: int, largest: int, room: int, patience: float) -> None:
        self._threads, self._largest = threads, largest
        self._room, self._patience = room, patience
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()
        self._pool = ThreadPoolExecutor(threads, "engine")
        self._study, self._at_study = ThreadPoolExecutor(1, "study"), asyncio.Semaphore()

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

    async def study(self, function: Callable[..., R], *arguments: Any) -> R:
        """Run a function that computes for longer than a pass, beside the passes and one at a time.

        Raises:
            ServiceError: The others before it took too long: status 503.
        """
        try:
            await asyncio.wait_for(self._at_study.acquire(), self._patience)
        except TimeoutError:
            raise _busy() from None
        try:
            return await _in(self._study, function, *arguments)
        finally:
            self._at_study.release()

    async def run(self) -> None:
        """Answer what comes, until this task is cancelled."""
        await asyncio.gather(*(self._run() for _ in range(self._threads)))

    async def _run(self) -> None:
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            share = -(-len(self._queue) // self._threads)
            await self._answer(self._take(min(share, self._largest)))

    def close(self) -> None:
        """Refuse what still waits, and end the threads."""
        for each in self._take(len(self._queue)):
            each.answer.set_exception(_busy())
        self._pool.shutdown()
        self._study.shutdown()

    def _take(self, most: int) -> list[_Waiting]:
        """Take the oldest queries that somebody still waits for; those that waited too long are refused."""
        batch: list[_Waiting] = []
        latest = monotonic() - self._patience
        while self._queue and len(batch) < most:
            each = self._queue.popleft()
            if each.answer.done():  # nobody waits for it any more
                continue
            if each.since < latest:
                each.answer.set_exception(_busy())
            else:
                batch.append(each)
        return batch

    async def _answer(self, batch: list[_Waiting]) -> None:
        for alike in _groups(batch):
            outcomes: list[Listed] | Exception
            try:
                outcomes = await _in(
                    self._pool, alike[0].engine.lists, [each.query for each in alike]
                )
            except Exception as error:
                outcomes = error
            _tell(alike, outcomes)


async def _in(pool: ThreadPoolExecutor, function: Callable[..., R], *arguments: Any) -> R:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, partial(function, *arguments))


def _groups(batch: list[_Waiting]) -> Iterable[list[_Waiting]]:
    """Put together what one pass can answer: queries to the same model, used in the same way."""
    groups: dict[tuple[int, InferenceConfig], list[_Waiting]] = {}
    for each in batch:
        groups.setdefault((id(each.engine), each.query.inference), []).append(each)
    return groups.values()


def _tell(group: list[_Waiting], outcomes: list[Listed] | Exception) -> None:
    for place, each in enumerate(group):
        with contextlib.suppress(asyncio.InvalidStateError):  # nobody waits for it any more
            if isinstance(outcomes, Exception):
                each.answer.set_exception(outcomes)
            else:
                each.answer.set_result(outcomes[place])


def _busy() -> ServiceError:
    message = "more requests wait than the service can answer in time; ask again in a second"
    return ServiceError(503, "busy", message, retry_after=1)
