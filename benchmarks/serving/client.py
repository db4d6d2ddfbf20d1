"""An open-loop client: it sends at fixed times, whatever comes back, and counts from when it meant to send.

    python -m benchmarks.serving.client PORT RATE SECONDS [CONNECTIONS]

A client that waits for an answer before it asks again slows down with the service, and never sees the
queue that real visitors would stand in. Here a request that can't be sent in time because the connections are
busy waits, and its waiting counts. Prints one JSON line. Standard library only.
"""

import asyncio
import json
import random
import sys
from time import perf_counter

from benchmarks.serving.requests import request_bytes

WARM_UP = 2.0
"""Seconds that are not counted."""


async def main(port: int, rate: float, seconds: float, connections: int) -> dict[str, object]:
    """Send `rate` requests a second, and describe the answers."""
    draw = random.Random(0)
    bodies = [request_bytes(draw) for _ in range(200)]
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        idle.put_nowait(await connect(port))
    start, tasks = perf_counter() + 0.1, []
    for number in range(int(rate * (seconds + WARM_UP))):
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - perf_counter()))
        body = bodies[number % len(bodies)]
        tasks.append(asyncio.create_task(send(idle, body, due)))
    answers = await asyncio.gather(*tasks)
    counted = [each for each in answers if each[0] >= start + WARM_UP]
    return describe(counted, rate, seconds)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(port: int) -> Connection:
    """Open a connection that is kept."""
    return await asyncio.open_connection("127.0.0.1", port)


async def send(
    idle: "asyncio.Queue[Connection]", body: bytes, due: float
) -> tuple[float, float, int]:
    """Send one request as soon as a connection is idle: when it was due, its seconds, its status."""
    connection = await idle.get()
    reader, writer = connection
    writer.write(body)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    seconds = perf_counter() - due
    idle.put_nowait(connection)
    return due, seconds, int(head.split(b" ", 2)[1])


def describe(
    answers: list[tuple[float, float, int]], rate: float, seconds: float
) -> dict[str, object]:
    """Give the percentiles of the latencies, in milliseconds, and how the requests ended."""
    times = sorted(each[1] * 1000 for each in answers)
    failed = sum(each[2] != 200 for each in answers)
    last = max(each[0] + each[1] for each in answers) - min(each[0] for each in answers)
    percentiles = {f"p{p:g}": times[int(len(times) * p / 100)] for p in (50, 90, 99, 99.9)}
    return {
        "rate": rate,
        "seconds": seconds,
        "answers": len(times),
        "failed": failed,
        "answers_a_second": round(len(times) / last, 1),
        **{name: round(value, 2) for name, value in percentiles.items()},
        "max": round(times[-1], 2),
    }


if __name__ == "__main__":
    port_, rate_, seconds_, *more = sys.argv[1:]
    found = main(int(port_), float(rate_), float(seconds_), int(more[0]) if more else 64)
    print(json.dumps(asyncio.run(found)))
