"""Send a day's events to a running service, as the shop's website would.

    python examples/shop/replay.py shop/today.parquet http://127.0.0.1:8000

Each event has an id of its own, here its row. So whoever got no answer sends the same events again, and they
are stored once.
"""

import json
import sys
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import polars as pl

PATIENCE = 10
"""Times that events are sent again, a second apart."""


def send(address: str, events: list[dict[str, str]]) -> int:
    """Send events until they are acknowledged; return how many were new."""
    body = json.dumps({"events": events}).encode()
    request = Request(f"{address}/events", body, {"Content-Type": "application/json"})
    for _ in range(PATIENCE):
        try:
            with urlopen(request) as answer:
                return json.load(answer)["stored"]
        except HTTPError as error:
            if error.code not in (429, 503):  # what is wrong with a request stays wrong
                raise
        except (OSError, HTTPException):
            pass
        time.sleep(1)
    raise TimeoutError(f"{address} takes no events")


if __name__ == "__main__":
    file, address = sys.argv[1:]
    day = pl.read_parquet(file).with_row_index("row")
    rows = day.select(
        user="shopper_ref",
        item="sku",
        time=pl.from_epoch("happened_ms", time_unit="ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
        kind="what",
        id=pl.format("today-{}", "row"),
    )
    stored = sum(send(address, part.to_dicts()) for part in rows.iter_slices(500))
    print(f"{stored:,} events are stored")
