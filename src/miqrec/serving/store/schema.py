"""The tables of a store, and the version of their layout."""

from importlib.metadata import version
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    inspect,
    select,
)

from miqrec.errors import MiqrecError
from miqrec.serving.store.event import LONGEST

VERSION = 1
"""Of the tables below; a store of another one is refused."""

METADATA = MetaData()

EVENTS = Table(
    "miqrec_events",
    METADATA,
    Column("arrival", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("user", String(LONGEST), nullable=False),
    Column("item", String(LONGEST), nullable=False),
    Column("time", BigInteger, nullable=False),  # microseconds since 1970
    Column("kind", String(LONGEST)),
    Column("id", String(LONGEST)),
)
"""The events in the order in which they arrived."""

IMPORTS = Table(
    "miqrec_imports",
    METADATA,
    Column("log", String(64), primary_key=True),  # SHA-256 of its content and how it is read
    Column("rows", BigInteger, nullable=False),
)
"""How many rows of each imported log are stored."""

_STORE = Table(
    "miqrec_store",
    METADATA,
    Column("version", Integer, nullable=False),
    Column("miqrec", String(64), nullable=False),
)


def _is_server(*_: Any, dialect: Dialect, **__: Any) -> bool:
    return dialect.name != "sqlite"


_by_user = (EVENTS.c.user, EVENTS.c.time, EVENTS.c.arrival)


# With all that a history tells in its index, SQLite reads one from pages side by side. Other databases
# limit what an index holds, PostgreSQL to less than three long ids.
Index("miqrec_histories", *_by_user, EVENTS.c.item, EVENTS.c.kind).ddl_if(dialect="sqlite")
Index("miqrec_histories_of_users", *_by_user).ddl_if(callable_=_is_server)

_has_id = EVENTS.c.id.is_not(None)
Index("miqrec_ids", EVENTS.c.id, unique=True, sqlite_where=_has_id, postgresql_where=_has_id)


def prepare_tables(connection: Connection, name: str) -> None:
    """Check the tables of a store, or make them in a new one, which one process does at a time.

    Args:
        connection: A transaction in it, as `writing` begins one.
        name: What a sentence calls the store.

    Raises:
        MiqrecError: If it has tables of something else, or of another version of the layout, or can't hold
            all text.
    """
    if connection.dialect.name == "postgresql":
        _check_encoding(connection, name)
        _wait_for_others(connection)
    tables = set(inspect(connection).get_table_names())
    if _STORE.name in tables:
        _check_version(connection, name)
        return
    if EVENTS.name in tables or (tables and connection.dialect.name == "sqlite"):
        raise MiqrecError(
            f"{name} is no store of miqrec's: it holds {', '.join(sorted(tables)[:3])}; name another, "
            "or a new one"
        )
    METADATA.create_all(connection)
    connection.execute(insert(_STORE).values(version=VERSION, miqrec=version("miqrec")))


def _check_version(connection: Connection, name: str) -> None:
    # Distinct, as two services that started at once used to write the version twice.
    found, writer = connection.execute(select(_STORE.c.version, _STORE.c.miqrec).distinct()).one()
    if found != VERSION:
        raise MiqrecError(
            f"{name} was made by miqrec {writer} with tables of version {found}, and this miqrec knows "
            f"version {VERSION}; upgrade miqrec, or name another store"
        )


def _check_encoding(connection: Connection, name: str) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise MiqrecError(f"{name} keeps text in {encoding}; make a database in UTF8")


def _wait_for_others(connection: Connection) -> None:
    """Take the lock under which PostgreSQL makes tables; SQLite's is taken when `writing` begins."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(_STORE.name))))
