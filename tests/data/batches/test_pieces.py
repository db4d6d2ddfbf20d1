"""A batch is cut where that saves padding, and nowhere else."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.batches.pieces import cut


def pieces(lengths: list[int], worth: float) -> list[list[int]]:
    return [[lengths[row] for row in rows] for rows in cut(np.array(lengths), worth)]


def test_the_cut_is_where_it_saves_most():
    # 1 1 2 | 9 9 saves 3 * (9 - 2) = 21 positions; 1 1 | 2 9 9 saves 2 * (9 - 1) = 16
    assert pieces([9, 1, 2, 9, 1], worth=20) == [[1, 1, 2], [9, 9]]


def test_a_piece_is_cut_again_as_long_as_that_is_worth_it():
    assert pieces([9, 1, 2, 9, 1], worth=2) == [[1, 1], [2], [9, 9]]  # 2 * (2 - 1) = 2 more


def test_a_cut_that_saves_too_little_is_not_made():
    assert pieces([9, 1, 2, 9, 1], worth=22) == [[1, 1, 2, 9, 9]]
    assert pieces([9, 1, 2, 9, 1], worth=math.inf) == [[1, 1, 2, 9, 9]]


batches = st.lists(st.integers(1, 60), min_size=1, max_size=80)


@given(batches, st.integers(1, 300))
@settings(max_examples=100, deadline=None)
def test_no_row_is_lost_and_every_cut_pays(lengths, worth):
    rows = cut(np.array(lengths), worth)
    padded = sum(len(part) * max(lengths[row] for row in part) for part in rows)

    assert sorted(np.concatenate(rows).tolist()) == list(range(len(lengths)))
    assert padded + worth * (len(rows) - 1) <= len(lengths) * max(lengths)
