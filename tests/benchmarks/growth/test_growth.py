"""Slopes, and the page of a growth curve."""

import pytest
from benchmarks.growth.page import page
from benchmarks.growth.slopes import last_slope, slope

ABOUT = {"processor": "a processor", "cores": 2, "memory_gib": 24, "system": "Linux"} | {
    "date": "2026-11-23",
    "commit": "abc",
    "command": "make bench-growth",
}


def points() -> list[dict[str, object]]:
    memory = {"peak_mib": 400.0, "above_start_mib": 100.0}
    return [
        {"axis": axis, "size": size, "seconds": size / 1000} | memory
        for axis in ("interactions", "items", "length", "window")
        for size in (10, 20, 40)
    ]


@pytest.mark.parametrize("power", [0, 1, 2])
def test_the_slope_is_the_power_of_a_power_law(power: int) -> None:
    sizes = [10.0, 100.0, 500.0]
    assert slope(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_the_last_slope_takes_the_two_largest_sizes() -> None:
    some = [
        {"size": size, "seconds": seconds} for size, seconds in [(1, 5.0), (10, 6.0), (100, 60.0)]
    ]
    assert last_slope(some, "seconds") == pytest.approx(1)
    assert last_slope(some[:1], "seconds") is None


def test_the_page_has_a_table_an_axis_and_its_slope() -> None:
    text = page(points(), ABOUT)
    assert "## Items, a step of SASRec with the full softmax" in text
    assert "| 20 | 0.02 | 400 | 100 |" in text
    assert text.count("Slope: seconds 1.00, peak MiB 0.00") == 4
