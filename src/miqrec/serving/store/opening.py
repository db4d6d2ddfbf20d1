"""From a URL to a store: SQLite with a durable write-ahead log, or another database."""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from miqrec.errors import MiqrecError
from miqrec.serving.store.errors import PATIENCE, telling
from miqrec.serving.store.schema import prepare_tables
from miqrec.serving.store.store import HistoryStore
from miqrec.serving.store.writing import writing

_EXAMPLE = "give one such as sqlite:///events.db or postgresql://user@host/database"


def open_store(url: str) -> HistoryStore:
    """Open the store at a URL, or make one there.

    SQLite gets a write-ahead log that is flushed to the disk at every commit (`journal_mode=WAL`,
    `synchronous=FULL`), so what was acknowledged survives a loss of power, and readers don't wait for
    writers. Several processes of one machine may share its file. Other databases are as durable as they are
    set up to be; PostgreSQL is by default.

    Args:
        url: SQLAlchemy's: `sqlite:///events.db` for a file in this folder, `sqlite:////var/lib/events.db`
            for one in another, `postgresql://user@host/database`.

    Raises:
        MiqrecError: If it is no URL, its driver is not installed, or what is there is no store, or one of
            another version.
        StoreError: If it can't be reached or written now.
    """
    parsed = _parse(url)
    name = str(parsed.database) if _is_sqlite(parsed) else parsed.render_as_string()
    engine = _make_engine(parsed, name)
    try:
        with telling(name), writing(engine) as connection:
            prepare_tables(connection, name)
    except BaseException:
        engine.dispose()
        raise
    return HistoryStore(engine, name)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise MiqrecError(f"{url!r} is no URL of a store; {_EXAMPLE}") from error
    in_memory = parsed.database in (None, "", ":memory:") or "mode=memory" in url
    if _is_sqlite(parsed) and in_memory:
        raise MiqrecError(
            f"{url} would be gone with its process, and events are acknowledged only once they are kept; "
            "name a file, as in sqlite:///events.db"
        )
    return parsed


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _make_engine(url: URL, name: str) -> Engine:
    try:
        if not _is_sqlite(url):
            return _make_server_engine(url)
        engine = create_engine(url, connect_args={"timeout": PATIENCE})
    except ModuleNotFoundError as error:
        extra = "'miqrec[postgresql]'" if url.get_backend_name() == "postgresql" else error.name
        raise MiqrecError(
            f"{name} needs {error.name}, which is not installed: pip install {extra}"
        ) from error
    except (NoSuchModuleError, SQLAlchemyError) as error:
        raise MiqrecError(f"no database is known as {url.drivername!r}; {_EXAMPLE}") from error
    event.listen(engine, "connect", _make_durable)
    return engine


def _make_server_engine(url: URL) -> Engine:
    """Make an engine for a server, which may be restarted, or be gone without a word."""
    patience: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        patience["connect_timeout"] = round(PATIENCE)
    return create_engine(url, pool_pre_ping=True, pool_timeout=PATIENCE, connect_args=patience)


def _make_durable(connection: Any, _: object) -> None:
    """Set a new connection to SQLite up; transactions begin where `writing` says so."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
