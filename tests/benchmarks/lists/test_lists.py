"""The page of what was measured of lists, and points of tiny shops."""

import numpy as np
import pytest
from benchmarks.lists.page import page
from benchmarks.lists.shop import dataset

from benchmarks.lists import point

ABOUT = {"processor": "a processor", "cores": 2, "memory_gib": 24, "system": "Linux"} | {
    "date": "2026-11-28",
    "commit": "abc",
    "command": "make bench-lists",
}


def test_the_page_has_a_table_a_part() -> None:
    measured = {"users_per_second": 2345.6, "busy_cores": 1.9, "above_start_mib": 99.9, "load": 2.5}
    text = page([{"part": "batch", "asked": ["6040", "sasrec"]} | measured], ABOUT)
    assert "| users | model | users a second | cores busy | MiB above the start |" in text
    assert "| 6,040 | sasrec | 2,346 | 1.9 | 99.9 |" in text
    assert "The load was 2.5 to 2.5" in text
    assert "index" not in text


def test_the_shop_has_the_lengths_that_are_asked_for() -> None:
    lengths = np.diff(dataset(2000, 50, 165).sequences.offsets)
    assert lengths.mean() == pytest.approx(165, rel=0.15)
    assert np.median(lengths) < 0.7 * 165


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("batch", ("300", "sasrec")),
        ("memory", ("500",)),
        ("top_k", ("500", "2")),
        ("steps", ("100",)),
    ],
)
def test_every_point_can_be_measured(monkeypatch, name, words) -> None:
    monkeypatch.setattr(point, "SECONDS", 0.0)
    monkeypatch.setattr(point, "_shop_on_disk", shop_in_this_process)
    measured = point.MEASURED[name](*words)
    assert all(value >= 0 for value in measured.values())


def shop_in_this_process(n_users, folder):
    dataset(n_users, 2_000, 20).save(folder / "data")
    return point.recommender(dataset(200, 2_000, 20), point.MarkovConfig())
