"""What can't be opened or written is refused in one sentence, and is left as it was."""

import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from disks import fill, make_read_only
from miqrec.errors import MiqrecError
from miqrec.serving.store import Event, StoreError, open_store, schema

LAMP = Event(user="ann", item="lamp")


def at(path: Path) -> str:
    return f"sqlite:///{path}"


def test_a_new_file_is_in_wal_mode_and_flushed_at_every_commit(tmp_path):
    with open_store(at(tmp_path / "events.db")) as store, store.engine.connect() as connection:
        mode = connection.execute(text("PRAGMA journal_mode")).scalar()
        full = connection.execute(text("PRAGMA synchronous")).scalar()

    assert (mode, full) == ("wal", 2)


def test_histories_are_read_from_the_index_alone(tmp_path):
    query = (
        "EXPLAIN QUERY PLAN SELECT user, item, time, kind, arrival FROM miqrec_events "
        "WHERE user = 'ann' ORDER BY time DESC, arrival DESC LIMIT 9"
    )
    with open_store(at(tmp_path / "events.db")) as store, store.engine.connect() as connection:
        [plan] = connection.execute(text(query)).all()

    assert "USING COVERING INDEX miqrec_histories (user=?)" in plan[3]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("events.db", "'events.db' is no URL of a store; give one such as sqlite:///events.db"),
        ("sqlite://", "sqlite:// would be gone with its process"),
        ("sqlite:///:memory:", "name a file, as in sqlite:///events.db"),
        ("cassette:///events", "no database is known as 'cassette'; give one such as sqlite"),
        (
            "mysql+pymysql://me@host/shop",
            "needs pymysql, which is not installed: pip install pymysql",
        ),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(url, sentence):
    with pytest.raises(MiqrecError) as refused:
        open_store(url)

    assert sentence in str(refused.value)


def test_a_driver_that_is_missing_is_named_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)

    with pytest.raises(MiqrecError, match=r"pip install 'miqrec\[postgresql\]'"):
        open_store("postgresql+psycopg://me@host/shop")


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="can't be opened; check that its folder exists"):
        open_store(at(tmp_path / "missing" / "events.db"))

    assert not (tmp_path / "missing").exists()


def test_a_file_that_is_no_database_is_refused_and_stays(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("user,item\n" * 500)

    with pytest.raises(
        StoreError, match=r"log\.csv failed: it is no SQLite database; name another"
    ):
        open_store(at(path))

    assert path.read_text() == "user,item\n" * 500


def test_a_database_of_something_else_is_refused_and_stays(tmp_path):
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as shop:
        shop.execute("CREATE TABLE orders (id)")

    with pytest.raises(MiqrecError, match="is no store of miqrec's: it holds orders; name another"):
        open_store(at(path))

    with closing(sqlite3.connect(path)) as shop:
        assert shop.execute("SELECT name FROM sqlite_master").fetchall() == [("orders",)]


def test_a_store_of_a_newer_version_is_refused(url):
    with open_store(url) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE miqrec_store SET version = 2, miqrec = '9.0'"))

    with pytest.raises(MiqrecError) as refused:
        open_store(url)

    assert "made by miqrec 9.0 with tables of version 2" in str(refused.value)
    assert "knows version 1; upgrade miqrec" in str(refused.value)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "events.db"
    with open_store(at(path)) as store:
        store.append([LAMP] * 2_000)
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * len(content[8192:])
    path.write_bytes(content)

    with pytest.raises(StoreError, match="it is damaged; restore it from a backup"):  # noqa: SIM117
        with open_store(at(path)) as store:
            store.histories(["ann"])


def test_a_file_that_may_not_be_written_is_refused(small_disk):
    open_store(at(small_disk / "events.db")).close()
    make_read_only(small_disk)

    with pytest.raises(StoreError, match=r"it can't be (written|opened); check"):
        open_store(at(small_disk / "events.db"))


def test_a_file_that_stays_locked_is_refused_and_written_once_it_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr("miqrec.serving.store.opening.PATIENCE", 0.05)
    path = tmp_path / "events.db"
    with open_store(at(path)) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process keeps it locked; end that one"):
            store.append([LAMP])
        assert store.histories(["ann"]) == [[]]  # reading goes on
        other.rollback()

        assert store.append([LAMP]) == 1


def test_a_full_disk_is_said_and_what_is_acknowledged_afterwards_is_stored(small_disk):
    room = small_disk / "filler"
    with open_store(at(small_disk / "events.db")) as store:
        assert store.append([LAMP]) == 1
        fill(small_disk)
        with pytest.raises(StoreError, match="its disk is full; make room there"):
            store.append([LAMP] * 5_000)
        assert len(store.histories(["ann"])[0]) == 1
        room.unlink()

        assert store.append([LAMP] * 10) == 10
        assert len(store.histories(["ann"])[0]) == 11


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path):
    with pytest.raises(StoreError) as refused:
        open_store(f"postgresql+psycopg://me:secret@/shop?host={tmp_path}")

    assert "postgresql+psycopg://me:***@/shop" in str(refused.value)
    assert "check the database, and that it can be reached" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr("miqrec.serving.store.opening.PATIENCE", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreError, match=r"check the database, and that it can be reached"):
            open_store(f"postgresql+psycopg://me@127.0.0.1:{port}/shop")


@pytest.mark.debian
def test_a_server_that_keeps_no_unicode_is_refused(server):
    url = server.make_database("latin", encoding="LATIN1")

    with pytest.raises(MiqrecError, match="keeps text in LATIN1; make a database in UTF8"):
        open_store(url)


def test_several_services_may_start_at_once_on_an_empty_database(url):
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(open_store, [url] * 4))

    assert [store.append([LAMP]) for store in stores] == [1] * 4
    assert len(stores[0].histories(["ann"])[0]) == 4
    for store in stores:
        store.close()


def test_tables_are_made_once_where_two_services_find_none(url, monkeypatch):
    make = schema.METADATA.create_all

    def make_as_second(connection):
        monkeypatch.undo()
        wait([threads.submit(open_store, url)], timeout=0.3)
        make(connection)

    monkeypatch.setattr(schema.METADATA, "create_all", make_as_second)
    with ThreadPoolExecutor(1) as threads:
        open_store(url).close()

    with open_store(url) as store, store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM miqrec_store")) == 1


def test_a_store_whose_version_was_written_twice_is_opened(url):
    with open_store(url) as store, store.engine.begin() as connection:
        connection.execute(text("INSERT INTO miqrec_store SELECT * FROM miqrec_store"))

    with open_store(url) as store:
        assert store.append([LAMP]) == 1
