"""What the service counts, for Prometheus."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from miqrec.serving.batching import Batcher
from miqrec.serving.drift import Drift
from miqrec.serving.engine.protocol import About, Engine

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Counters with a registry of their own, so that two services in a process don't mix.

    Attributes:
        registry: Where other parts of the service register what they count.
        drift: Whether what is asked and listed looks as it did.
    """

    def __init__(self, batcher: Batcher, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "miqrec_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "miqrec_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.lists = Counter(
            "miqrec_lists", "Lists made, by what made them.", ["source"], registry=self.registry
        )
        self.model = Gauge(
            "miqrec_model",
            "1 for the model that answers.",
            ["model", "version", "runtime"],
            registry=self.registry,
        )
        self.swaps = Counter(
            "miqrec_swaps",
            "Newer models, by what came of them.",
            ["result"],
            registry=self.registry,
        )
        self.refused = Gauge(
            "miqrec_model_refused",
            "1 while the newest model was refused and an older one answers.",
            registry=self.registry,
        )
        waiting = Gauge(
            "miqrec_queries_waiting", "Lists waiting for the engine.", registry=self.registry
        )
        waiting.set_function(lambda: batcher.waiting)
        self.drift = Drift(engine)
        self.registry.register(self.drift)
        self.show_model(engine.about)

    def show_model(self, about: About) -> None:
        """Say which model answers from now on."""
        self.model.clear()
        self.model.labels(*about).set(1)

    def swapped(self, result: Literal["loaded", "refused"]) -> None:
        """Count a newer model."""
        self.swaps.labels(result).inc()
        self.refused.set(result == "refused")

    def text(self) -> bytes:
        """Write all values as Prometheus reads them."""
        return generate_latest(self.registry)
