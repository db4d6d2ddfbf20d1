"""The requests of the benchmark: one history of 200 of ML-1M's 3,416 items each. Standard library only."""

import json
import random

N_ITEMS, LENGTH, K = 3416, 200, 10


def body(draw: random.Random) -> bytes:
    """Draw a request for one list."""
    history = draw.sample(range(1, N_ITEMS + 1), LENGTH)
    return json.dumps({"histories": [history], "k": K}).encode()


def request_bytes(draw: random.Random) -> bytes:
    """Write such a request as HTTP has it."""
    content = body(draw)
    head = (
        "POST /recommend HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
