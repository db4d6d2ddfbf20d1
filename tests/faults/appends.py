"""`python -m faults.appends URL FIRST LAST`: append numbered events, from four threads, until all are stored.

It prints the number of an event once it is acknowledged, and what refuses one on standard error.
"""

import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from miqrec.serving.store import Event, HistoryStore, StoreError, open_store

USERS = 7


def event(number: int) -> Event:
    """Make the event of a number, whose id is the same in every process."""
    return Event(user=f"user-{number % USERS}", item=str(number), id=f"event-{number}")


def stored(url: str) -> list[int]:
    """Read the numbers of all events in a store, sorted; one that is there twice stands there twice."""
    with open_store(url) as store:
        histories = store.histories([f"user-{user}" for user in range(USERS)])
    return sorted(int(each.item) for history in histories for each in history)


def _append(store: HistoryStore, number: int) -> None:
    while True:
        try:
            store.append([event(number)])
            break
        except StoreError as error:
            os.write(2, f"{error}\n".encode())
            time.sleep(0.05)
    os.write(1, f"{number}\n".encode())


def main(url: str, numbers: Iterable[int]) -> None:
    """Append all events."""
    with open_store(url) as store, ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: _append(store, number), numbers))


if __name__ == "__main__":
    main(sys.argv[1], range(int(sys.argv[2]), int(sys.argv[3])))
