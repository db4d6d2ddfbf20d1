"""The clock, the memory of a process, and the machine's rates."""

import pytest
import torch
from benchmarks.machine.clock import median_seconds
from benchmarks.machine.limits import SHAPES, product_rate
from benchmarks.machine.memory import MIB, Memory, largest, resident


def test_the_peak_stays_after_memory_was_given_back() -> None:
    memory = Memory()
    already = largest() - resident()  # what earlier tests of this process held and gave back
    large = torch.ones((already + 64 * MIB) // 4)
    del large
    summary = memory.summary()
    assert summary["above_start_mib"] > 0
    assert summary["peak_mib"] >= 64


def test_the_rate_counts_a_multiplication_and_an_addition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.machine.limits.median_seconds", lambda *_: 2.0)
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
