"""What the service counts of what it is asked and what it lists, as Prometheus reads it."""

import numpy as np
import pytest

from miqrec.errors import MiqrecError
from miqrec.monitoring import list_overlap
from miqrec.serving import drift
from miqrec.serving.drift import Answered, Drift
from miqrec.serving.engine import open_engine


def values(client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def ask(client, *histories: list[str], k: int = 3) -> list[dict]:
    answer = client.post("/recommend", json={"histories": histories, "k": k})
    return answer.json()["lists"]


def test_items_of_histories_are_counted_by_what_is_known_of_them(client):
    ask(client, ["item 03", "unicorn", "item 04"], ["unicorn"], [])
    found = values(client)
    assert found['miqrec_history_items_total{known="yes"}'] == 2
    assert found['miqrec_history_items_total{known="no"}'] == 2
    assert found["miqrec_history_length_count"] == 3
    assert found["miqrec_history_length_sum"] == 3 + 1 + 0
    assert found['miqrec_history_length_bucket{le="0.0"}'] == 1
    assert found['miqrec_history_length_bucket{le="3.0"}'] == 3


def test_lists_cover_the_catalogue_more_and_more(client):
    assert values(client)["miqrec_listed_coverage"] == 0
    lists = ask(client, ["item 03"], ["item 11"])
    listed = {each["item"] for one in lists for each in one["items"]}
    found = values(client)
    assert found["miqrec_listed_coverage"] == len(listed) / 20
    tenths = [found[f'miqrec_listed_items_total{{tenth="{n}"}}'] for n in range(1, 11)]
    assert sum(tenths) == 6


@pytest.fixture
def engine(saved):
    return open_engine(saved)


def metrics(watch: Drift) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for metric in watch.collect()
        for sample in metric.samples
    }


def test_asking_for_the_least_popular_items_alone_is_a_drift(engine):
    watch = Drift(engine)
    popular_first = np.argsort(-engine.counts, kind="stable") + 1
    watch.observe(engine, [Answered(None, popular_first, 0, [])])
    calm = metrics(watch)["miqrec_asked_divergence[]"]
    watch.observe(engine, [Answered(None, popular_first[-1:].repeat(500), 0, [])])
    assert calm < 0.05
    assert metrics(watch)["miqrec_asked_divergence[]"] > 0.5


def test_a_users_list_is_compared_with_that_of_a_day_before(engine, monkeypatch):
    clock = iter([0.0, 3600.0, drift.AGE + 1.0])
    monkeypatch.setattr(drift, "monotonic", lambda: next(clock))
    watch, nothing = Drift(engine), np.empty(0, np.int64)
    for listed in ([1, 2, 3], [4, 5, 6], [2, 1, 7]):
        watch.observe(
            engine, [Answered("ann", nothing, 0, listed), Answered(None, nothing, 0, [9])]
        )
    found = metrics(watch)
    assert found["miqrec_list_overlap_count[]"] == 1  # an hour is no day
    assert found["miqrec_list_overlap_sum[]"] == pytest.approx(list_overlap([1, 2, 3], [2, 1, 7]))


def test_memory_of_users_is_bounded(engine, monkeypatch):
    monkeypatch.setattr(drift, "KEPT", 2)
    watch, nothing = Drift(engine), np.empty(0, np.int64)
    watch.observe(engine, [Answered(user, nothing, 0, [1]) for user in "abcd"])
    assert len(watch._lists) == 2


def test_a_newer_model_is_counted_anew(engine, saved):
    watch = Drift(engine)
    watch.observe(engine, [Answered("ann", np.array([1]), 0, [1, 2])])
    watch.observe(open_engine(saved), [])
    assert metrics(watch)["miqrec_listed_coverage[]"] == 0


def test_an_index_answers_and_is_refused_where_there_is_nothing_to_index(serve, exported, client):
    pytest.importorskip("faiss")
    lists = ask(serve(index=True), ["item 03", "item 04"])
    assert [each["item"] for each in lists[0]["items"]] == [
        each["item"] for each in ask(client, ["item 03", "item 04"])[0]["items"]
    ]
    with pytest.raises(MiqrecError, match="scores all items; leave the index out"):
        open_engine(exported, index=True)
