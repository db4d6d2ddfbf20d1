"""The flat store: how many users there are, and how long their histories."""

import numpy as np

from miqrec.data.sequences import Sequences


def test_lengths_and_number_of_users():
    items = np.array([1, 2, 3, 4, 5, 6, 7, 7, 8, 9], np.int32)
    sequences = Sequences(items, np.array([0, 4, 5, 5, 7, 10]), n_items=9)

    assert sequences.n_users == 5
    assert sequences.lengths.tolist() == [4, 1, 0, 2, 3]


def test_selecting_keeps_users_and_takes_every_column_along():
    sequences = Sequences(
        items=np.array([1, 2, 3], np.int32),
        offsets=np.array([0, 2, 3]),
        n_items=9,
        times=np.array([10, 20, 30]),
        kinds=np.array([0, -1, 1], np.int16),
        sessions=np.array([5, 5, 6]),
    )
    part = sequences.select(np.array([False, True, False]))
    assert (part.items.tolist(), part.offsets.tolist()) == ([2], [0, 1, 1])
    assert (part.times.tolist(), part.kinds.tolist(), part.sessions.tolist()) == ([20], [-1], [5])
