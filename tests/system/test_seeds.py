"""Random streams: no two share a draw, and the generators of the caller stay as they were."""

import threading
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from miqrec.system.seeds import Purpose, seeded, stream

small_numbers = st.integers(0, 1000)
names = st.tuples(small_numbers, st.sampled_from(Purpose), small_numbers, small_numbers)


@given(st.lists(names, min_size=2, unique=True))
def test_streams_of_different_names_have_different_seeds(names):
    assert len({stream(*name) for name in names}) == len(names)


def test_a_stream_is_named_by_its_seed_purpose_epoch_and_step():
    assert stream(3, Purpose.DROPOUT) == stream(3, Purpose.DROPOUT, epoch=0, step=0)
    assert stream(3, Purpose.DROPOUT, 1) != stream(3, Purpose.DROPOUT, 0, 1)


def test_the_seed_decides_what_is_drawn_within():
    draws = []
    for seed in (1, 1, 2):
        with seeded(seed):
            draws.append(torch.rand(3).tolist())
    assert draws[0] == draws[1] != draws[2]


def test_the_generators_of_the_caller_stay_as_they_were_after_an_error_too():
    before = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), seeded(1):
        _ = torch.rand(3) / (1 // 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_draw_one_after_the_other():
    draws: list[list[float]] = []

    def draw() -> None:
        for step in range(20):
            with seeded(step):
                first = torch.rand(1).item()
                time.sleep(0.001)  # the other thread's chance to get in between
                draws.append([first, torch.rand(1).item()])

    threads = [threading.Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(draws) == 2 * 20
    assert len(set(map(tuple, draws))) == 20
