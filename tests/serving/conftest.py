"""A small saved model, and the service that answers by it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest
from starlette.testclient import TestClient

from miqrec import Recommender
from miqrec.export import export_onnx
from miqrec.runs.artifact import load_artifact
from miqrec.serving import Settings, create_app
from miqrec.testing.frames import circle

SIZES = {"dim": 16, "n_layers": 1, "max_length": 10, "window": 3, "dropout": 0.0}
QUICK = {"epochs": 6, "batch_size": 32, "learning_rate": 0.01}

NAMES = [f"item {number:02}" for number in range(20)]


def shop() -> pl.DataFrame:
    """What is known of the circle's items: every second is a book, every fifth is sold out."""
    numbers = range(20)
    return pl.DataFrame(
        {
            "item": NAMES,
            "category": ["books" if n % 2 else "films" for n in numbers],
            "price": [n / 2 for n in numbers],
            "in_stock": [n % 5 > 0 for n in numbers],
        }
    )


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Path:
    """A model that knows that everybody walks round a circle of 20 items, `item 00` to `item 19`."""
    folder = tmp_path_factory.mktemp("served") / "model"
    Recommender.fit(circle(), model="miq-sasrec", items=shop(), **SIZES, **QUICK).save(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _a_store_aside(tmp_path_factory) -> Iterator[None]:
    """The store of services that are told of none: it would be in the working folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIQREC_STORE", f"sqlite:///{tmp_path_factory.mktemp('store') / 'events.db'}")
        yield


@pytest.fixture(scope="session")
def exported(saved, tmp_path_factory) -> Path:
    """That model as an ONNX file."""
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export_onnx(load_artifact(saved), path, k=10)
    return path


@pytest.fixture
def serve(saved) -> Iterator[Callable[..., TestClient]]:
    """Starts services of that model, with settings of their own, and gives clients of them."""
    with ExitStack() as running:

        def start(**settings: object) -> TestClient:
            app = create_app(Settings(**({"artifact": saved} | settings)))
            return running.enter_context(TestClient(app, raise_server_exceptions=False))

        yield start


@pytest.fixture
def client(serve) -> TestClient:
    """A client of a service as it comes."""
    return serve()
