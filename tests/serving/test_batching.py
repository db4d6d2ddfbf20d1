"""Queries wait for the engine's threads, are answered together, and are refused where too many wait."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from miqrec.evaluation.inference import InferenceConfig
from miqrec.serving.batching import Batcher
from miqrec.serving.engine import Listed, Query
from miqrec.serving.errors import ServiceError

ONE, TWO = InferenceConfig(), InferenceConfig(mix=(0.6, 0.4))


class Slow:
    """An engine whose passes wait until they are let go; each answers a query by its own first item."""

    def __init__(self) -> None:
        self.passes: list[list[int]] = []
        self.may_go = threading.Event()

    def lists(self, queries: Sequence[Query]) -> list[Listed]:
        firsts = [int(query.history[0]) for query in queries]
        self.passes.append(firsts)
        self.may_go.wait(5)
        if 13 in firsts:
            raise RuntimeError("13")
        return [Listed([first], [1.0], None) for first in firsts]


def query(first: int, inference: InferenceConfig = ONE) -> Query:
    ids = np.array([first])
    return Query(ids, ids, None, 1, inference)


def run(story, threads=1, largest=3, room=6, patience=5.0):
    """Tell a story with an engine and a batcher that works."""

    async def main():
        engine, batcher = Slow(), Batcher(threads, largest, room, patience)
        working = asyncio.create_task(batcher.run())
        try:
            return await asyncio.wait_for(story(engine, batcher), 10)
        finally:
            engine.may_go.set()
            working.cancel()
            batcher.close()

    return asyncio.run(main())


async def ask(batcher, engine, *queries):
    """Ask in a task of its own, which has begun to wait when this returns."""
    asked = asyncio.create_task(batcher.ask(engine, list(queries)))
    await asyncio.sleep(0.02)
    return asked


def test_what_comes_while_the_engine_works_is_answered_together():
    async def story(engine, batcher):
        asked = [await ask(batcher, engine, query(number)) for number in range(1, 6)]
        engine.may_go.set()
        answers = [await each for each in asked]
        return engine.passes, [[listed.ids for listed in each] for each in answers]

    passes, answers = run(story)
    assert passes == [[1], [2, 3, 4], [5]]  # nobody waits for the first, three fit into a pass
    assert answers == [[[1]], [[2]], [[3]], [[4]], [[5]]]


def test_threads_share_what_waits():
    async def story(engine, batcher):
        asked = await ask(batcher, engine, *map(query, (1, 2, 3, 4)))
        engine.may_go.set()
        return engine.passes, [listed.ids[0] for listed in await asked]

    passes, answers = run(story, threads=2)
    assert sorted(passes) == [[1, 2], [3]] or sorted(passes) == [[1, 2], [3], [4]]
    assert answers == [1, 2, 3, 4]


def test_a_pass_uses_the_model_in_one_way():
    async def story(engine, batcher):
        first = await ask(batcher, engine, query(1))
        mixed = await ask(batcher, engine, query(2), query(3, TWO), query(4))
        engine.may_go.set()
        await first
        return engine.passes, [listed.ids[0] for listed in await mixed]

    assert run(story) == ([[1], [2, 4], [3]], [2, 3, 4])


def test_a_flood_is_refused_and_then_the_service_recovers():
    async def story(engine, batcher):
        first = await ask(batcher, engine, query(1))
        waiting = await ask(batcher, engine, *map(query, range(2, 8)))
        with pytest.raises(ServiceError) as refused:
            await batcher.ask(engine, [query(8)])
        engine.may_go.set()
        await first
        await waiting
        [late] = await batcher.ask(engine, [query(9)])
        return refused.value, late.ids

    refused, late = run(story)
    assert (refused.status, refused.problem.code, refused.retry_after) == (503, "busy", 1)
    assert late == [9]


def test_nobody_waits_longer_than_the_patience():
    async def story(engine, batcher):
        first = await ask(batcher, engine, query(1))
        late = await ask(batcher, engine, query(2))
        await asyncio.sleep(0.1)
        engine.may_go.set()
        await first
        with pytest.raises(ServiceError) as refused:
            await late
        return refused.value.status, engine.passes

    assert run(story, patience=0.05) == (503, [[1]])


def test_a_pass_that_fails_costs_its_own_requests_alone():
    async def story(engine, batcher):
        engine.may_go.set()
        with pytest.raises(RuntimeError, match="13"):
            await batcher.ask(engine, [query(13)])
        [after] = await batcher.ask(engine, [query(1)])
        return after.ids

    assert run(story) == [1]


def test_what_takes_long_is_done_beside_the_passes_and_one_at_a_time():
    async def story(engine, batcher):
        engine.may_go.set()
        begun, may_end = [], threading.Event()

        def long_work(name):
            begun.append(name)
            return may_end.wait(5)

        works = [
            asyncio.create_task(batcher.study(long_work, name)) for name in ("first", "second")
        ]
        await asyncio.sleep(0.02)
        [listed] = await batcher.ask(engine, [query(1)])  # doesn't wait for the works
        alone = list(begun)
        may_end.set()
        return listed.ids, alone, await asyncio.gather(*works)

    assert run(story) == ([1], ["first"], [True, True])


def test_long_work_that_waited_too_long_is_refused_and_the_next_goes_on():
    async def story(engine, batcher):
        may_end = threading.Event()
        first = asyncio.create_task(batcher.study(may_end.wait, 5))
        await asyncio.sleep(0.02)
        with pytest.raises(ServiceError, match="ask again"):
            await batcher.study(may_end.wait, 5)
        may_end.set()
        return await first, await batcher.study(may_end.wait, 5)

    assert run(story, patience=0.05) == (True, True)
