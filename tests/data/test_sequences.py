"""Leave-one-out, by cases that can be read off and by what must always hold."""

from itertools import chain

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.sequences import Sequences, Span, spans

HISTORIES = st.lists(st.lists(st.integers(1, 9), max_size=7), max_size=6)


def sequences_of(histories: list[list[int]]) -> Sequences:
    offsets = np.cumsum([0, *map(len, histories)], dtype=np.int64)
    return Sequences(np.fromiter(chain(*histories), np.int32), offsets, n_items=9)


def parts(sequences: Sequences, span: Span) -> dict[int, list[int]]:
    ends = zip(span.users, span.starts, span.stops, strict=True)
    return {int(user): sequences.items[start:stop].tolist() for user, start, stop in ends}


SHORT_AND_LONG = [[1, 2, 3, 4], [5], [], [6, 7], [7, 8, 9]]


def test_train_ends_before_the_two_held_out_items():
    sequences = sequences_of(SHORT_AND_LONG)
    expected = {0: [1, 2], 1: [5], 2: [], 3: [6, 7], 4: [7]}
    assert parts(sequences, spans(sequences, "train")) == expected


def test_validation_predicts_the_last_but_one_from_what_precedes_it():
    sequences = sequences_of(SHORT_AND_LONG)
    span = spans(sequences, "valid")
    assert parts(sequences, span) == {0: [1, 2], 4: [7]}
    assert sequences.items[span.stops].tolist() == [3, 8]


def test_test_predicts_the_last_and_may_read_the_validation_item():
    sequences = sequences_of(SHORT_AND_LONG)
    span = spans(sequences, "test")
    assert parts(sequences, span) == {0: [1, 2, 3], 4: [7, 8]}
    assert sequences.items[span.stops].tolist() == [4, 9]


def test_all_keeps_everything_and_everybody():
    sequences = sequences_of(SHORT_AND_LONG)
    assert parts(sequences, spans(sequences, "all")) == dict(enumerate(SHORT_AND_LONG))


def test_lengths_and_number_of_users():
    sequences = sequences_of(SHORT_AND_LONG)
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


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_training_and_the_targets_partition_each_history(histories):
    sequences = sequences_of(histories)
    pieces = parts(sequences, spans(sequences, "train"))
    for split in ("valid", "test"):
        span = spans(sequences, split)
        for user, target in zip(span.users, sequences.items[span.stops], strict=True):
            pieces[int(user)] = [*pieces[int(user)], int(target)]
    assert pieces == dict(enumerate(histories))


@settings(max_examples=100, deadline=None)
@given(HISTORIES)
def test_a_target_never_lies_in_the_part_that_predicts_it(histories):
    sequences = sequences_of(histories)
    for split in ("valid", "test"):
        span = spans(sequences, split)
        held_out = {"valid": 2, "test": 1}[split]
        expected = {u: h[:-held_out] for u, h in enumerate(histories) if len(h) >= 3}
        assert parts(sequences, span) == expected
