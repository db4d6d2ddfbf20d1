"""Logs go into a store and come out of it: whole, in order, once, however often the import was killed."""

import gzip
import json
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.event import listen

from commands import miqrec
from miqrec.data.open import open_dataset
from miqrec.data.reading.columns import Columns
from miqrec.errors import MiqrecError
from miqrec.serving.store import Event, StoreError, importing, open_store, user_order
from miqrec.serving.store.exporting import export_log
from miqrec.serving.store.importing import import_log
from miqrec.testing.frames import circle

START = 1_772_366_400  # 2026-03-01 12:00 UTC, in seconds
LOG = pl.DataFrame(
    {
        "shopper": ["ann", "bob", "ann", "ann"],
        "sku": ["lamp", "desk", "sofa", "rug"],
        "time": [START + 60, START, START, START + 60],
        "what": ["view", None, "cart", "view"],
    }
)
NAMES = Columns(user="shopper", item="sku", kind="what")


def run(store, log, columns=NAMES):
    """Import to the end; return how many rows were stored before and are now."""
    counts = list(import_log(store, log, columns, log.parent / "aside"))
    return counts[0], counts[-1]


def history(store, user="ann"):
    return [event.item for event in store.histories([user])[0]]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.parquet"
    LOG.write_parquet(path)
    return path


def test_a_log_becomes_histories_in_the_order_of_times_then_of_rows(store, log):
    assert run(store, log) == (0, 4)

    [ann, [desk]] = store.histories(["ann", "bob"])
    assert [event.item for event in ann] == ["sofa", "lamp", "rug"]
    assert (desk.time, desk.kind) == (datetime(2026, 3, 1, 12, tzinfo=UTC), None)


def test_a_log_that_is_stored_is_not_stored_again(store, log):
    run(store, log)

    assert run(store, log) == (4, 4)
    assert history(store) == ["sofa", "lamp", "rug"]


def test_a_log_of_other_content_is_added(store, log):
    run(store, log)
    LOG.head(1).write_parquet(log)

    assert run(store, log) == (0, 1)
    assert history(store) == ["sofa", "lamp", "rug", "lamp"]


def write_csv(path):
    LOG.write_csv(path)


def write_gzipped_csv(path):
    path.write_bytes(gzip.compress(LOG.write_csv().encode()))


def write_tabs(path):
    LOG.write_csv(path, separator="\t")


def write_json(path):
    LOG.write_ndjson(path)


def write_recbole(path):
    head = "shopper:token\tsku:token\ttime:float\twhat:token\n"
    path.write_text(head + LOG.write_csv(separator="\t", include_header=False))


def write_days(path):
    for day in range(2):
        (path / f"day={day}").mkdir(parents=True)
        LOG[2 * day : 2 * day + 2].write_parquet(path / f"day={day}" / "part-0.parquet")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("log.csv", write_csv),
        ("log.csv.gz", write_gzipped_csv),
        ("log.tsv", write_tabs),
        ("log.jsonl", write_json),
        ("log.inter", write_recbole),
        ("days", write_days),
    ],
)
def test_every_format_gives_the_same_events(tmp_path, name, write):
    write(tmp_path / name)
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
        assert run(store, tmp_path / name) == (0, 4)

        events = [(event.item, event.kind) for event in store.histories(["ann"])[0]]
        assert events == [("sofa", "cart"), ("lamp", "view"), ("rug", "view")]
    assert list((tmp_path / "aside").iterdir()) == []


def test_lines_of_items_without_times_happened_now_in_their_order(tmp_path):
    (tmp_path / "log.txt").write_text("1 30 10 20\n2 7\n")
    before = datetime.now(UTC)
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
        assert run(store, tmp_path / "log.txt", Columns()) == (0, 4)

        assert history(store, "1") == ["30", "10", "20"]
        assert before <= store.histories(["2"])[0][0].time <= datetime.now(UTC)


MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "moment"),
    [
        ([START], MOMENT),
        ([float(START) + 0.5], MOMENT + timedelta(seconds=0.5)),
        ([START * 1_000], MOMENT),
        ([START * 1_000_000], MOMENT),
        ([START * 1_000_000_000], MOMENT),
        (["2026-03-01 12:00"], MOMENT),
        (["2026-03-01T13:00:00+01:00"], MOMENT),
        ([MOMENT], MOMENT),
        ([MOMENT.date()], MOMENT - timedelta(hours=12)),
        ([7], datetime(1970, 1, 1, 0, 0, 0, 7, tzinfo=UTC)),  # a place in an order
    ],
)
def test_times_of_any_kind_are_moments(tmp_path, times, moment):
    path = tmp_path / "log.parquet"
    pl.DataFrame({"user": ["ann"], "item": ["lamp"], "time": times}).write_parquet(path)
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
        run(store, path, Columns())

        assert store.histories(["ann"])[0][0].time == moment


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("user", None, "column 'user' is empty in row 2, so the user is missing"),
        ("item", "", "in 1 of its rows the item is empty"),
        ("item", "x" * 256, "longer than 255 characters"),
        ("user", "a\0", "holds the character 0"),
        ("time", 0.25, "neither dates nor Unix times in one unit"),
        ("time", START * 1_000, "neither dates nor Unix times in one unit"),
    ],
)
def test_what_a_store_cannot_hold_is_refused_before_anything_is_stored(
    tmp_path, column, value, sentence
):
    path = tmp_path / "log.parquet"
    rows = {"user": ["ann", "ann"], "item": ["lamp", "desk"], "time": [float(START)] * 2}
    rows[column] = [rows[column][0], value]
    pl.DataFrame(rows).write_parquet(path)
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
        with pytest.raises(MiqrecError) as refused:
            run(store, path, Columns())

        assert sentence in str(refused.value)
        assert history(store) == []


class KilledError(BaseException):
    pass


USERS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), min_size=1, max_size=30)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=USERS, stops=st.lists(st.integers(0, 4), max_size=3))
def test_an_import_that_is_stopped_goes_on_to_the_same_histories(
    tmp_path_factory, monkeypatch, rows, stops
):
    """The reference sorts the rows of each user by time in memory."""
    monkeypatch.setattr(importing, "BATCH", 3)
    monkeypatch.setattr(user_order, "PART", 4)
    monkeypatch.setattr(user_order, "_EVERY", 2)
    folder = tmp_path_factory.mktemp("log")
    users, times = zip(*rows, strict=True)
    log = pl.DataFrame({"user": users, "item": range(len(rows)), "time": times})
    log.write_parquet(folder / "log.parquet")

    with open_store(f"sqlite:///{folder / 'events.db'}") as store:
        for stop in stops:
            for _, _ in zip(
                range(stop),
                import_log(store, folder / "log.parquet", Columns(), folder),
                strict=False,
            ):
                pass
        run(store, folder / "log.parquet", Columns())

        for user in "abcd":
            expected = log.filter(pl.col("user") == user).sort("time", maintain_order=True)["item"]
            assert history(store, user) == [str(item) for item in expected]


def test_two_imports_of_one_log_at_once_store_it_once(tmp_path, log, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
        slow = import_log(store, log, NAMES, tmp_path / "aside")
        assert [next(slow), next(slow)] == [0, 1]
        assert run(store, log) == (1, 4)

        with pytest.raises(StoreError, match="another process imports the same log"):
            next(slow)
        assert history(store) == ["sofa", "lamp", "rug"]


def test_two_imports_that_begin_at_once_store_a_log_once_and_say_why_one_stops(
    store, log, tmp_path
):
    def work(name):
        return list(import_log(store, log, NAMES, tmp_path / name))

    def begin_second(*words):
        if words[2].startswith("INSERT INTO miqrec_imports") and not seconds:
            seconds.append(threads.submit(work, "second"))
            wait(seconds, timeout=0.3)

    seconds = []
    listen(store.engine, "before_cursor_execute", begin_second)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(work, "first")
        wait([first])

    imports = [first, *seconds]
    reasons = [str(error) for each in imports if (error := each.exception())]
    assert set(reasons) <= {"another process imports the same log; let it end, or end it"}
    assert len(reasons) < 2
    assert history(store) == ["sofa", "lamp", "rug"]


def test_events_arrive_while_a_log_is_imported(tmp_path, log, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    with open_store(f"sqlite:///{tmp_path / 'events.db'}") as store:
        for _ in import_log(store, log, NAMES, tmp_path / "aside"):
            store.append([Event(user="ann", item="live")])

        assert history(store).count("live") == 5
        assert len(history(store)) == 8


def test_what_is_exported_is_what_was_imported(store, log, tmp_path):
    run(store, log)

    assert export_log(store, tmp_path / "out.parquet") == 4

    out = pl.read_parquet(tmp_path / "out.parquet")
    assert out.rows() == [
        ("ann", "sofa", MOMENT, "cart"),
        ("ann", "lamp", MOMENT + timedelta(minutes=1), "view"),
        ("ann", "rug", MOMENT + timedelta(minutes=1), "view"),
        ("bob", "desk", MOMENT, None),
    ]


def test_columns_are_exported_by_the_names_that_are_asked_for(store, log, tmp_path):
    run(store, log)

    export_log(store, tmp_path / "out.parquet", {"user": "shopper", "kind": "what"})

    assert pl.read_parquet(tmp_path / "out.parquet").columns == ["shopper", "item", "time", "what"]
    with pytest.raises(MiqrecError, match="two columns are called alike: item, item, time, kind"):
        export_log(store, tmp_path / "twice.parquet", {"user": "item"})
    assert not (tmp_path / "twice.parquet").exists()


def test_an_empty_store_is_exported_as_a_table_without_rows(store, tmp_path):
    assert export_log(store, tmp_path / "out.parquet") == 0
    assert pl.read_parquet(tmp_path / "out.parquet").columns == ["user", "item", "time", "kind"]


def test_the_commands_import_and_export_and_what_they_wrote_is_data_again(tmp_path):
    log, url = tmp_path / "log.csv", f"sqlite:///{tmp_path / 'events.db'}"
    circle().write_csv(log)

    imported = miqrec("events", "import", log, "--store", url)
    again = miqrec("events", "import", log, "--store", url, "--json")
    exported = miqrec("events", "export", "--store", url, "--out", tmp_path / "out.parquet")

    assert imported.returncode == exported.returncode == 0, imported.stderr
    assert f"{circle().height:,} events of {log} are in" in " ".join(imported.stderr.split())
    assert json.loads(again.stdout) == {"rows": circle().height, "new": 0}
    before, after = open_dataset(log), open_dataset(tmp_path / "out.parquet")
    assert sorted(map(str, before.users)) == sorted(after.users)
    assert len(after.sequences.items) == len(before.sequences.items) == circle().height


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import", "missing.csv", "--store", "sqlite:///e.db"), "missing.csv does not exist"),
        (
            ("export", "--store", "sqlite:///e.db", "--out", "o.csv"),
            "o.csv does not end in .parquet",
        ),
        (("export", "--store", "e.db", "--out", "o.parquet"), "'e.db' is no URL of a store"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(tmp_path, monkeypatch, words, sentence):
    monkeypatch.chdir(tmp_path)

    done = miqrec("events", *words)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("import", "log.parquet"), ("export", "--out", "out.parquet")], ids=" ".join
)
def test_without_sqlalchemy_the_extra_that_brings_it_is_named(tmp_path, log, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    done = miqrec("events", *words, "--store", "sqlite:///events.db")

    assert done.returncode == 2
    assert (
        "this needs sqlalchemy, which is not installed: pip install 'miqrec[serving]'"
        in done.stderr
    )
