"""How long an explanation takes over HTTP, beside the list that it explains.

    python -m benchmarks.explanation.duration [--requests 40]

The model has ML-1M's size and MIQ-Attn with a window of 10. One request after the other asks for a list of 10
after a history, and then for why its 3 best items stand there. Prints the median of the latencies and what
the service's process used of a core, which other work on the machine hardly changes.
"""

import argparse
import random
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx

from benchmarks.serving.model import save_model
from benchmarks.serving.requests import N_ITEMS
from benchmarks.serving.service import Running, running

PORT = 8197
LENGTHS = (50, 200)
WARM_UP = 5
"""Requests that are not counted."""


def ask(service: Running, client: httpx.Client, route: str, bodies: list[dict[str, object]]) -> str:
    """Send one request after the other, and tell what one takes."""
    for body in bodies[:WARM_UP]:
        client.post(route, json=body).raise_for_status()
    taken, before = [], service.cpu_seconds()
    for body in bodies:
        began = perf_counter()
        client.post(route, json=body).raise_for_status()
        taken.append(perf_counter() - began)
    used = (service.cpu_seconds() - before) / len(bodies)
    return f"{route} {1000 * median(taken):.1f} ms, {1000 * used:.1f} ms of a core"


def measure(folder: Path, requests: int) -> None:
    """Serve the model and ask it."""
    save_model(folder)
    draw, address = random.Random(0), f"http://127.0.0.1:{PORT}"
    with running(folder, PORT) as service, httpx.Client(base_url=address, timeout=60) as client:
        for length in LENGTHS:
            histories = [draw.sample(range(1, N_ITEMS + 1), length) for _ in range(requests)]
            listed = ask(service, client, "/recommend", [{"histories": [h]} for h in histories])
            explained = ask(service, client, "/explain", [{"history": h} for h in histories])
            print(f"history of {length}: {listed}; {explained}", flush=True)


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name) / "model", options.requests)


if __name__ == "__main__":
    main()
