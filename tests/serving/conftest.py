"""A small saved model, and the service that answers by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from miqrec import Recommender
from miqrec.serving import Settings, create_app
from miqrec.testing.frames import circle


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Path:
    """A model that knows that everybody walks round a circle of 20 items, `item 00` to `item 19`."""
    folder = tmp_path_factory.mktemp("served") / "model"
    sizes = {"dim": 16, "n_layers": 1, "max_length": 10, "window": 3, "dropout": 0.0}
    quick = {"epochs": 6, "batch_size": 32, "learning_rate": 0.01}
    Recommender.fit(circle(), model="miq-sasrec", **sizes, **quick).save(folder)
    return folder


@pytest.fixture
def client(saved) -> Iterator[TestClient]:
    """A client of a running service of that model."""
    with TestClient(create_app(Settings(artifact=saved)), raise_server_exceptions=False) as client:
        yield client
