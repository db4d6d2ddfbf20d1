"""An epoch from the steps that were timed."""

import pytest
from benchmarks.peers.workers.measure import Stopwatch


def test_an_epoch_goes_on_at_the_pace_after_the_warm_up() -> None:
    watch = Stopwatch(warm_up=2)
    watch.ends, watch.rows = [9.0, 10.0, 12.0, 15.0], [128, 128, 128, 72]
    assert watch.epoch(rows=1000) == pytest.approx((15 - 10) / (128 + 72) * 1000)
    assert watch.note(rows=1000) == "extrapolated from 2 steps, 20.0% of an epoch"
