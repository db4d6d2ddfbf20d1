"""Whether what is asked and what is listed looks as it did: counted here, computed when Prometheus asks.

Counts of the catalogue begin anew with each model. Of users the newest lists of some thousands are kept in
memory, by a hash of their id, to see how alike their next ones are.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from miqrec.monitoring.divergence import jensen_shannon
from miqrec.monitoring.exposure import coverage, gini
from miqrec.monitoring.inputs import LENGTHS, length_counts, popularity_tenths, tenth_counts
from miqrec.monitoring.overlap import list_overlap
from miqrec.serving.engine.protocol import Engine

AGE = 20 * 60 * 60
"""Seconds after which a user's list counts as yesterday's."""
KEPT = 10_000
"""Users whose list is kept."""
OVERLAPS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)

Integers = npt.NDArray[np.int64]


class Answered(NamedTuple):
    """A list that was made.

    Attributes:
        user: Whose it is, if that is known.
        known: (n,) the items of the history that the model knows.
        n_unknown: How many it doesn't know.
        listed: The list, best first.
    """

    user: object | None
    known: Integers
    n_unknown: int
    listed: Sequence[int]


class Drift(Collector):
    """Counts the items of histories and lists.

    Args:
        engine: The model that answers.
    """

    def __init__(self, engine: Engine) -> None:
        self._lengths = length_counts(np.empty(0, np.int64))
        self._total = self._unknown = 0
        self._overlaps: Integers = np.zeros(len(OVERLAPS), np.int64)
        self._overlap_sum = 0.0
        self._lists: OrderedDict[int, tuple[float, Sequence[int]]] = OrderedDict()
        self._watch(engine)

    def observe(self, engine: Engine, answers: Iterable[Answered]) -> None:
        """Count lists that a model made."""
        if engine is not self._engine:
            self._watch(engine)
        for answer in answers:
            n = len(answer.known) + answer.n_unknown
            self._lengths += length_counts(np.array([n]))
            self._total, self._unknown = self._total + n, self._unknown + answer.n_unknown
            self._asked += tenth_counts(answer.known, self._tenths)
            self._listed[np.asarray(answer.listed, np.int64)] += 1
            if answer.user is not None:
                self._compare(hash(answer.user), answer.listed)

    def _watch(self, engine: Engine) -> None:
        self._engine = engine
        self._tenths = popularity_tenths(engine.counts)
        self._trained = np.bincount(self._tenths[1:], engine.counts, 10).astype(np.int64)
        self._asked = np.zeros(10, np.int64)
        self._listed = np.zeros(len(engine.counts) + 1, np.int64)
        self._lists.clear()  # whose items have other numbers now

    def _compare(self, user: int, listed: Sequence[int]) -> None:
        """Compare a user's list with yesterday's, and keep it instead; a list of today stays out of it."""
        now = monotonic()
        since, before = self._lists.get(user, (now, None))
        if before is not None and now - since < AGE:
            return
        if before is not None:
            overlap = list_overlap(before, listed)
            self._overlaps[np.searchsorted(OVERLAPS, overlap - 1e-9)] += 1
            self._overlap_sum += overlap
        self._lists[user] = now, listed
        self._lists.move_to_end(user)
        if len(self._lists) > KEPT:
            self._lists.popitem(last=False)

    def collect(self) -> Iterable[Metric]:
        """Give the metrics as they are now."""
        yield from self._of_histories()
        listed = self._listed[1:]
        yield _by_tenth("asked", "Known items of histories", self._asked)
        yield _by_tenth(
            "listed", "Items of lists", np.bincount(self._tenths[1:], listed, 10).astype(np.int64)
        )
        yield GaugeMetricFamily(
            "miqrec_listed_coverage",
            "Share of the catalogue that the model has listed since it was loaded.",
            coverage(listed),
        )
        yield GaugeMetricFamily(
            "miqrec_listed_gini", "Gini index of how often items were listed.", gini(listed)
        )
        yield _histogram(
            *("miqrec_list_overlap", "FRBO of users' lists with those of a day before."),
            OVERLAPS,
            self._overlaps,
            self._overlap_sum,
        )

    def _of_histories(self) -> Iterable[Metric]:
        known = CounterMetricFamily(
            "miqrec_history_items",
            "Items of histories, by whether the model knows them.",
            labels=["known"],
        )
        known.add_metric(["yes"], self._total - self._unknown)
        known.add_metric(["no"], self._unknown)
        yield known
        yield _histogram(
            *("miqrec_history_length", "Items of a history."), LENGTHS, self._lengths, self._total
        )
        drifted = 0.0
        if self._asked.any() and self._trained.any():
            drifted = jensen_shannon(self._trained, self._asked)
        yield GaugeMetricFamily(
            "miqrec_asked_divergence",
            "Jensen-Shannon divergence (0 to 1) of the popularity of asked items from training's.",
            drifted,
        )


def _by_tenth(name: str, what: str, counts: Integers) -> Metric:
    family = CounterMetricFamily(
        f"miqrec_{name}_items",
        f"{what}, by tenths of training's interactions; 1 has the most popular items.",
        labels=["tenth"],
    )
    for tenth, count in enumerate(counts, 1):
        family.add_metric([str(tenth)], int(count))
    return family


def _histogram(
    name: str, what: str, edges: Sequence[float], counts: Integers, total: float
) -> Metric:
    """Make a histogram of counts, the last of which may have no upper edge."""
    bounds = [*(str(float(edge)) for edge in edges), "+Inf"]
    summed = np.cumsum([*counts, *[0] * (len(bounds) - len(counts))])
    buckets = [(bound, int(count)) for bound, count in zip(bounds, summed, strict=True)]
    return HistogramMetricFamily(name, what, buckets=buckets, sum_value=total)
