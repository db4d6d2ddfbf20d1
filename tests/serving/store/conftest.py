"""Stores to test: in a file of SQLite's, and in a PostgreSQL server."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

import postgres
from miqrec.serving.store import HistoryStore, open_store

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    with postgres.running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.debian)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where there is no store yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'events.db'}"
    return request.getfixturevalue("server").make_database(f"events_{next(_numbers)}")


@pytest.fixture
def store(url: str) -> Iterator[HistoryStore]:
    with open_store(url) as store:
        yield store
