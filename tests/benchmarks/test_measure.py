"""The stopwatch and the memory of a process."""

import pytest
import torch
from benchmarks.limits import SHAPES, median_seconds, product_rate
from benchmarks.workers.measure import MIB, Memory, Stopwatch


def test_an_epoch_goes_on_at_the_pace_after_the_warm_up() -> None:
    watch = Stopwatch(warm_up=2)
    watch.ends, watch.rows = [9.0, 10.0, 12.0, 15.0], [128, 128, 128, 72]
    assert watch.epoch(rows=1000) == pytest.approx((15 - 10) / (128 + 72) * 1000)
    assert watch.note(rows=1000) == "extrapolated from 2 steps, 20.0% of an epoch"


def test_the_peak_stays_after_memory_was_given_back() -> None:
    memory = Memory()
    large = torch.ones(64 * MIB // 4)
    del large
    summary = memory.summary()
    assert summary["above_start_mib"] > 0
    assert summary["peak_mib"] >= 64


def test_the_rate_counts_a_multiplication_and_an_addition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.limits.median_seconds", lambda *_: 2.0)
    left, right = torch.ones(5, 3, 4), torch.ones(5, 4, 7)
    assert product_rate(left, right, 0) == 5 * 3 * 4 * 7 * 2 / 2.0


def test_at_least_three_calls_are_timed_after_one_that_is_not() -> None:
    calls: list[None] = []
    median_seconds(lambda: calls.append(None), 0)
    assert len(calls) == 1 + 3


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_the_shapes_of_the_limits_fit_each_other(shapes: tuple[tuple[int, ...], ...]) -> None:
    left, right = (torch.empty(shape, device="meta") for shape in shapes)
    assert (left @ right).shape[-2:] == (left.shape[-2], right.shape[-1])
