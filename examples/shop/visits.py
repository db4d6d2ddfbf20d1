"""When shoppers come: each with a pace of their own, some only once, new ones on every day."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

REGULARS = 0.4
"""The share of shoppers who came before the log begins; the others are new on some day of it."""
ONCE = 0.3
"""The share of new shoppers who don't come back."""
DAYS_BETWEEN = 12
"""The median shopper's mean number of days between two visits."""
CLICKS, MOST_CLICKS = 7, 40
"""The mean number of events in a visit, and the largest."""
MOST_VISITS = 60

HOUR_MS, DAY_MS = 3_600_000, 86_400_000

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class Visits(NamedTuple):
    """One row an event, ordered by shopper and time; (events,) each."""

    shopper: Integers
    time: Integers  # Unix milliseconds
    begins: Booleans  # whether a visit begins with this event


def make_visits(shoppers: int, start: int, days: int, rng: np.random.Generator) -> Visits:
    """Draw the visits of `shoppers` people in the `days` days from `start` on."""
    begins = _first(shoppers, days, rng) + _gaps(shoppers, rng).cumsum(axis=1)  # in days
    shopper, _ = np.nonzero(begins < days)
    begins = start + (begins[begins < days] * DAY_MS).astype(np.int64)  # (all visits,)
    clicks = np.minimum(rng.geometric(1 / CLICKS, len(begins)), MOST_CLICKS)
    visit = np.repeat(np.arange(len(begins)), clicks)
    is_first = np.append(True, visit[1:] != visit[:-1])
    pauses = np.where(is_first, 0, 1_000 + rng.exponential(45_000, len(visit)).astype(np.int64))
    time = pauses.cumsum()
    time += (begins - time[is_first])[visit]
    inside = time < start + days * DAY_MS
    return Visits(shopper[visit][inside], time[inside], is_first[inside])


def _first(shoppers: int, days: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw the day of each shopper's first visit, (shoppers, 1)."""
    latest = np.where(rng.random(shoppers) < REGULARS, min(DAYS_BETWEEN, days), days)
    return (rng.random(shoppers) * latest)[:, None]


def _gaps(shoppers: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw the days from one visit to the next, (shoppers, visits): 0 first, then two hours at least."""
    pace = rng.lognormal(np.log(DAYS_BETWEEN), 0.8, (shoppers, 1))
    gaps = 1 / 12 + rng.exponential(1, (shoppers, MOST_VISITS)) * pace
    gaps[rng.random(shoppers) < ONCE, 1] = np.inf
    gaps[:, 0] = 0
    return gaps
