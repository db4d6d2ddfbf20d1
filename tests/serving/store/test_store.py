"""What is appended comes back: in order, once, and whole."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from miqrec.serving.store import Event, HistoryStore, StoreError, open_store
from miqrec.serving.store.appending import Appender

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def minutes(n: int) -> datetime:
    return NOON + timedelta(minutes=n)


def items(store: HistoryStore, user: str, newest: int | None = None) -> list[str]:
    return [event.item for event in store.histories([user], newest)[0]]


def test_what_was_appended_is_read_with_all_it_tells(store):
    store.append([Event(user="ann", item="lamp", time=NOON, kind="view")])

    [[event]] = store.histories(["ann"])
    assert event == ("ann", "lamp", NOON, "view")


def test_a_history_is_in_the_order_of_times_then_of_arrival(store):
    store.append([Event(user="ann", item="second", time=minutes(2))])
    store.append([Event(user="ann", item="third", time=minutes(2))])
    store.append([Event(user="ann", item="first", time=minutes(1))])

    assert items(store, "ann") == ["first", "second", "third"]


def test_the_newest_events_are_the_last_of_the_history(store):
    store.append([Event(user="ann", item=str(n), time=minutes(n)) for n in range(5)])

    assert items(store, "ann", newest=2) == ["3", "4"]
    assert items(store, "ann", newest=9) == ["0", "1", "2", "3", "4"]


def test_users_come_in_the_order_asked_for_twice_if_need_be_and_unknown_ones_are_empty(store):
    store.append([Event(user="ann", item="lamp"), Event(user="bob", item="desk")])

    histories = store.histories(["bob", "nobody", "ann", "bob"])

    found = [[event.item for event in history] for history in histories]
    assert found == [["desk"], [], ["lamp"], ["desk"]]
    assert list(store.users()) == ["ann", "bob"]


def test_more_users_than_one_statement_takes_are_asked_for_in_several(store):
    store.append([Event(user=f"user-{n}", item=f"item-{n}") for n in range(250)])

    histories = store.histories([f"user-{n}" for n in range(250)], newest=1)

    assert [history[0].item for history in histories] == [f"item-{n}" for n in range(250)]


def test_an_event_without_a_time_happened_when_it_arrived(store):
    before = datetime.now(UTC)
    store.append([Event(user="ann", item="lamp")])

    [[event]] = store.histories(["ann"])
    assert before <= event.time <= datetime.now(UTC)


def test_a_retry_with_the_same_id_changes_nothing_and_says_so(store):
    order = Event(user="ann", item="lamp", kind="purchase", id="order-7")

    assert store.append([order]) == 1
    assert store.append([order, Event(user="ann", item="desk", id="order-8")]) == 1
    assert store.append([order.model_copy(update={"item": "sofa"})] * 2) == 0
    assert items(store, "ann") == ["lamp", "desk"]


def test_events_without_an_id_are_all_stored(store):
    assert store.append([Event(user="ann", item="lamp")] * 3) == 3
    assert items(store, "ann") == ["lamp"] * 3


def test_the_same_id_twice_in_one_append_is_stored_once(store):
    assert store.append([Event(user="ann", item="lamp", id="1")] * 2) == 1


def test_many_threads_append_at_once_and_each_event_is_there_once(store):
    events = [Event(user=f"user-{n % 7}", item=str(n), id=f"e-{n % 300}") for n in range(400)]

    with ThreadPoolExecutor(16) as threads:
        new = sum(threads.map(lambda event: store.append([event]), events))

    stored = store.histories([f"user-{n}" for n in range(7)])
    assert new == sum(map(len, stored)) == 300


def test_what_was_stored_is_there_when_the_store_is_opened_again(url):
    with open_store(url) as store:
        store.append([Event(user="ann", item="lamp", id="1")])

    with open_store(url) as store:
        assert items(store, "ann") == ["lamp"]
        assert store.append([Event(user="ann", item="lamp", id="1")]) == 0


def test_any_text_comes_back_as_it_was(store):
    strange = "Zoë 🛋 '; DROP TABLE--\n\t\\ %s {x}"
    store.append([Event(user=strange, item=strange, kind=strange, id=strange)])

    [[event]] = store.histories([strange])
    assert (event.user, event.item, event.kind) == (strange,) * 3


def test_two_stores_on_one_database_see_each_other_s_events(url):
    with open_store(url) as one, open_store(url) as other:
        one.append([Event(user="ann", item="lamp", time=minutes(1))])
        other.append([Event(user="ann", item="desk", time=minutes(2))])

        assert items(one, "ann") == items(other, "ann") == ["lamp", "desk"]


def test_a_store_that_was_closed_takes_nothing_and_says_so(store):
    store.close()

    with pytest.raises(StoreError, match="was closed; open it again"):
        store.append([Event(user="ann", item="lamp")])


def test_an_integer_is_its_digits():
    assert Event(user=42, item=7, id=1) == Event(user="42", item="7", id="1")


def test_a_time_without_a_zone_is_in_utc_and_one_with_a_zone_is_the_same_moment():
    east = timezone(timedelta(hours=2))

    assert Event(user="a", item="b", time="2026-03-01T12:00:00").time == NOON
    assert Event(user="a", item="b", time=NOON.astimezone(east)).time.tzinfo == UTC


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user", ""),
        ("item", None),
        ("item", True),
        ("user", "a\0b"),
        ("user", "\ud800"),
        ("kind", "k" * 256),
        ("time", "yesterday"),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("price", 9),
    ],
)
def test_what_is_no_event_is_refused(field, value):
    with pytest.raises(ValidationError):
        Event(**{"user": "ann", "item": "lamp", field: value})


TIMES = st.integers(-3, 3).map(minutes)
SENT = st.lists(st.tuples(st.sampled_from("ab"), TIMES, st.none() | st.integers(0, 5)), max_size=12)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(appends=st.lists(SENT, max_size=4), newest=st.none() | st.integers(1, 5))
def test_histories_are_those_of_a_list_that_is_sorted_by_time(tmp_path_factory, appends, newest):
    """The reference keeps events in a list, and the ids it has seen in a set."""
    kept, seen = [], set()
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'events.db'}") as store:
        for number, sent in enumerate(appends):
            events = [
                Event(user=user, item=f"{number}-{place}", time=time, id=known)
                for place, (user, time, known) in enumerate(sent)
            ]
            new = []
            for event in events:
                if event.id is None or event.id not in seen:
                    new.append(event)
                    seen.add(event.id)
            kept += new
            assert store.append(events) == len(new)
        for user, history in zip("ab", store.histories(list("ab"), newest), strict=True):
            sorted_ones = sorted((e for e in kept if e.user == user), key=lambda e: e.time)
            expected = sorted_ones[-newest:] if newest else sorted_ones
            assert [event.item for event in history] == [event.item for event in expected]


def test_appends_that_wait_for_a_transaction_go_into_the_next_one_together():
    transactions = []

    def write(groups):
        transactions.append(len(groups))
        if len(transactions) == 1:
            waiting.extend(appender.submit([event]) for _ in range(9))
        return [len(group) for group in groups]

    event, waiting = Event(user="ann", item="lamp"), []
    appender = Appender(write, "a store")
    assert appender.submit([event]).result() == 1
    assert [done.result() for done in waiting] == [1] * 9
    appender.close()

    assert transactions == [1, 9]


def test_an_append_that_is_given_up_before_its_transaction_is_not_written():
    written = []

    def write(groups):
        if not written:
            given_up.append(appender.submit([Event(user="bob", item="desk")]))
            assert given_up[0].cancel()
        written.extend(event.user for group in groups for event in group)
        return [len(group) for group in groups]

    given_up = []
    appender = Appender(write, "a store")
    appender.submit([Event(user="ann", item="lamp")]).result()
    appender.submit([Event(user="cid", item="lamp")]).result()
    appender.close()

    assert written == ["ann", "cid"]


def test_a_flood_is_refused_and_what_was_taken_is_stored(monkeypatch):
    monkeypatch.setattr("miqrec.serving.store.appending.WAITING", 3)
    taken, written = [], []

    def write(groups):
        if not written:
            taken.extend(appender.submit([event]) for _ in range(3))
            with pytest.raises(StoreError, match=r"3 appends wait for the store .*; try again"):
                appender.submit([event])
        written.extend(groups)
        return [len(group) for group in groups]

    event = Event(user="ann", item="lamp")
    appender = Appender(write, "a store")
    taken.append(appender.submit([event]))
    taken[0].result()
    appender.close()

    assert [done.result() for done in taken] == [1] * 4


@pytest.mark.parametrize("time", [1_700_000_000, 1.5, "1700000000000", True])
def test_a_time_that_is_a_number_is_refused_since_its_unit_is_unknown(time):
    with pytest.raises(ValidationError, match="ISO 8601"):
        Event(user="ann", item="heat", time=time)
