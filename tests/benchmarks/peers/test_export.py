"""What the other sides are given."""

import numpy as np
from benchmarks.peers.export import counts, first_users, interactions, training_part

from worlds import cycle


def test_the_two_held_out_items_are_not_exported() -> None:
    dataset = cycle()
    training = training_part(dataset)
    for user in range(dataset.sequences.n_users):
        start, stop = dataset.sequences.offsets[user : user + 2]
        first, last = training.sequences.offsets[user : user + 2]
        whole, part = dataset.sequences.items[start:stop], training.sequences.items[first:last]
        np.testing.assert_array_equal(part, whole[:-2])


def test_rows_are_users_items_and_places_in_the_history() -> None:
    rows = interactions(first_users(cycle(), 3))
    lengths = cycle().sequences.lengths[:3]
    assert rows["user"].to_list() == [user for user, n in enumerate(lengths) for _ in range(n)]
    assert rows["time"].to_list() == [place for n in lengths for place in range(1, n + 1)]


def test_an_epoch_counted_by_hand() -> None:
    training = training_part(cycle())
    counted = counts(training, max_length=6)
    inputs = [min(n - 1, 6) for n in training.sequences.lengths]
    assert counted["positions"] == sum(inputs)
    assert counted["pairs"] == sum(t for n in inputs for t in range(1, n + 1))  # s <= t
    assert counted["items"] == 20
