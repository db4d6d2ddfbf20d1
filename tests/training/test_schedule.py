"""The learning rate: its share at each step, and that training follows it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lightning.pytorch.callbacks import Callback

from miqrec.runs.fit import fit
from miqrec.training.hooks import Hooks
from miqrec.training.schedule import linear
from worlds import cycle, small


def test_a_linear_schedule_grows_for_a_twentieth_of_the_steps_and_then_falls():
    share = linear(steps=40)  # 2 up, 38 down

    assert [share(0), share(1)] == [1 / 2, 2 / 2]
    assert [share(2), share(21), share(39)] == [38 / 38, 19 / 38, 1 / 38]
    assert share(40) == 0


@given(st.integers(1, 300))
def test_every_step_has_a_rate_and_none_is_above_the_one_asked_for(steps):
    assert all(0 < linear(steps)(step) <= 1 for step in range(steps))


class Rates(Callback):
    """The learning rate of each step."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_start(self, trainer, *_) -> None:
        self.seen.append(trainer.optimizers[0].param_groups[0]["lr"])


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_training_follows_the_schedule(tmp_path, schedule):
    rates = Rates()
    config = small("sasrec", cycle(), epochs=3, learning_rate=0.02, schedule=schedule)

    fit(config, tmp_path, Hooks(callbacks=[rates]))

    steps = len(rates.seen)
    share = linear(steps) if schedule == "linear" else lambda step: 1
    expected = [0.02 * share(step) for step in range(steps)]
    assert steps > 3
    torch.testing.assert_close(rates.seen, expected)
