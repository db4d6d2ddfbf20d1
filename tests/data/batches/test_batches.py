"""Batches are slices of the flat store: what stands in them, and in which order they come."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.batches.evaluation import EvaluationExamples
from miqrec.data.batches.order import Shuffled
from miqrec.data.batches.slicing import pad, slices
from miqrec.data.batches.training import TrainingExamples
from miqrec.data.sequences import Sequences
from miqrec.data.splitting import Splits, everything
from miqrec.errors import MiqrecError
from worlds import splits_of


def splits(*histories: list[int]) -> Splits:
    lengths = [len(history) for history in histories]
    flat = np.array([item for history in histories for item in history], dtype=np.int32)
    return splits_of(Sequences(flat, np.cumsum([0, *lengths]), n_items=int(flat.max(initial=1))))


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_inputs_and_targets_are_the_training_items_shifted_by_one():
    examples = TrainingExamples(splits([1, 2, 3, 4, 5, 6], [7, 8, 9]).train, max_length=10)

    (batch,) = examples[rows(0)]

    assert len(examples) == 1  # the second user has one training item, so nothing to predict
    assert batch.items.tolist() == [[1, 2, 3]]  # 5 and 6 are held out
    assert batch.targets.tolist() == [[2, 3, 4]]
    assert batch.lengths.tolist() == [3]


def test_rows_are_padded_on_the_right_to_the_longest_of_the_piece():
    examples = TrainingExamples(splits([1, 2, 3, 4, 5], [6, 7, 8, 9, 1, 2]).train, max_length=50)

    (batch,) = examples[rows(0, 1)]

    assert batch.items.tolist() == [[1, 2, 0], [6, 7, 8]]
    assert batch.targets.tolist() == [[2, 3, 0], [7, 8, 9]]
    assert batch.positions.tolist() == [0, 1, 3, 4, 5]


def test_a_batch_comes_in_pieces_where_that_saves_enough_padding():
    store = splits([1, 2, 3, 4], [5, 6, 7, 8, 9, 1, 2], [3, 4, 5, 6])

    (whole,) = TrainingExamples(store.train, max_length=50, worth=7)[rows(0, 1, 2)]
    short, long = TrainingExamples(store.train, max_length=50, worth=6)[rows(0, 1, 2)]

    assert whole.items.tolist() == [[1, 0, 0, 0], [3, 0, 0, 0], [5, 6, 7, 8]]  # 2 * 3 zeros
    assert (short.items.tolist(), long.items.tolist()) == ([[1], [3]], [[5, 6, 7, 8]])
    assert (short.users.tolist(), long.users.tolist()) == ([0, 2], [1])
    assert (short.targets.tolist(), long.targets.tolist()) == ([[2], [4]], [[6, 7, 8, 9]])


def test_the_newest_part_of_a_long_history_is_kept():
    examples = TrainingExamples(splits([1, 2, 3, 4, 5, 6, 7, 8]).train, max_length=2)

    (batch,) = examples[rows(0)]

    assert batch.items.tolist() == [[4, 5]]
    assert batch.targets.tolist() == [[5, 6]]


def test_in_blocks_all_of_a_long_history_is_trained_on():
    store = splits([1, 2, 3, 4, 5, 6, 7, 8], [9, 8, 7, 6, 5])  # 7, 8 and 6, 5 are held out
    examples = TrainingExamples(store.train, max_length=2, blocks=True)

    (batch,) = examples[rows(0, 1, 2, 3)]

    assert batch.users.tolist() == [0, 0, 0, 1]
    assert batch.items.tolist() == [[1, 0], [4, 5], [2, 3], [9, 8]]  # the shortest first, as ever
    assert batch.targets.tolist() == [[2, 0], [5, 6], [3, 4], [8, 7]]
    assert batch.lengths.tolist() == [1, 2, 2, 2]
    assert examples.total_weight == 7


def test_training_on_everything_predicts_the_held_out_items_too():
    (batch,) = TrainingExamples(everything(splits([1, 2, 3, 4]).dataset), max_length=10)[rows(0)]

    assert batch.targets.tolist() == [[2, 3, 4]]


@pytest.mark.parametrize(
    ("split", "history", "target"), [("valid", [1, 2, 3], 4), ("test", [1, 2, 3, 4], 5)]
)
def test_the_held_out_item_follows_the_history(split, history, target):
    batch = EvaluationExamples(splits([1, 2, 3, 4, 5]).held(split), max_length=10)[rows(0)]

    assert batch.items.tolist() == [history]
    assert batch.targets.tolist() == [target]


def test_what_was_seen_is_the_whole_history_and_not_only_what_the_model_reads():
    batch = EvaluationExamples(splits([1, 2, 3], [4, 5, 6, 7]).test, max_length=1)[rows(0, 1)]

    assert batch.items.tolist() == [[2], [6]]
    assert batch.seen_rows.tolist() == [0, 0, 1, 1, 1]
    assert batch.seen_items.tolist() == [1, 2, 4, 5, 6]


def test_users_with_fewer_than_three_interactions_are_for_training_only():
    store = splits([1, 2], [3, 4, 5])

    assert store.test.users.tolist() == [1]
    assert TrainingExamples(store.train, 10).users.tolist() == [0]


def test_nobody_to_train_or_test_on_is_an_error():
    with pytest.raises(MiqrecError, match="nothing to train on"):
        TrainingExamples(splits([1, 2, 3]).train, 10)
    with pytest.raises(MiqrecError, match="nobody to test on"):
        splits([1, 2]).held("test")


histories = st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=12), min_size=1, max_size=9)


@given(histories, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_blocks_have_every_target_once(lists, size):
    store = splits(*lists, [1, 2, 3, 4])
    examples = TrainingExamples(store.train, max_length=size, blocks=True)

    pieces = examples[np.arange(len(examples))]

    found = sorted(item for piece in pieces for item in piece.targets.flatten().tolist() if item)
    trained = [row[: len(row) - 2 * (len(row) > 2)] for row in [*lists, [1, 2, 3, 4]]]
    assert found == sorted(item for row in trained for item in row[1:])
    assert max(piece.items.shape[1] for piece in pieces) <= size


@given(histories)
@settings(max_examples=60, deadline=None)
def test_padding_and_slicing_agree_with_lists(lists):
    store = splits(*lists).dataset.sequences
    starts, lengths = store.offsets[:-1], store.lengths

    padded = pad(store.items, starts, lengths)
    flat, owners = slices(store.items, starts, lengths)

    longest = max(map(len, lists))
    assert padded.tolist() == [row + [0] * (longest - len(row)) for row in lists]
    assert flat.tolist() == [item for row in lists for item in row]
    assert owners.tolist() == [i for i, row in enumerate(lists) for _ in row]


@given(st.integers(1, 100), st.integers(1, 9), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_an_epoch_visits_every_row_once_whatever_the_batch_size(n_rows, batch_size, epoch):
    order = Shuffled(n_rows, batch_size, seed=1)
    order.set_epoch(epoch)

    batches = list(order)

    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(order) - 1)
    assert sorted(np.concatenate(batches).tolist()) == list(range(n_rows))


def test_seed_and_epoch_decide_the_order():
    def order(seed: int, epoch: int) -> list[int]:
        shuffled = Shuffled(100, 8, seed)
        shuffled.set_epoch(epoch)
        return np.concatenate(list(shuffled)).tolist()

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)


def test_an_empty_history_is_a_row_of_padding():
    assert pad(np.array([], dtype=np.int32), rows(0), rows(0)).tolist() == [[0]]
    assert torch.equal(
        pad(np.array([5], dtype=np.int32), rows(0, 1), rows(1, 0)), torch.tensor([[5], [0]])
    )


def weighed(*histories: list[int], weights: list[float], **options: object) -> TrainingExamples:
    lengths = [len(history) for history in histories]
    flat = np.array([item for history in histories for item in history], dtype=np.int32)
    sequences = Sequences(flat, np.cumsum([0, *lengths]), n_items=int(flat.max(initial=1)))
    everybody = everything(splits_of(sequences).dataset)
    importance = np.array(weights, np.float32)
    return TrainingExamples(everybody, options.pop("max_length", 10), weights=importance, **options)


def test_what_counts_for_nothing_is_no_target_but_an_input_all_the_same():
    examples = weighed([1, 2, 3, 4], [5, 6], weights=[1, 0, 0.5, 2, 1, 1])
    (batch,) = examples[rows(0)]
    assert batch.items.tolist() == [[1, 2, 3]]
    assert batch.targets.tolist() == [[0, 3, 4]]
    assert batch.weights.tolist() == [[0, 0.5, 2]]
    assert batch.positions.tolist() == [1, 2]
    assert examples.total_weight == 0.5 + 2 + 1


def test_a_row_ends_where_its_last_target_is_asked_for_and_its_newest_inputs_precede_it():
    (batch,) = weighed([1, 2, 3, 4, 5, 6], weights=[1, 1, 1, 1, 0, 0], max_length=2)[rows(0)]
    assert (batch.items.tolist(), batch.targets.tolist()) == ([[2, 3]], [[3, 4]])


def test_who_has_no_target_is_left_out_of_the_rows():
    assert weighed([1, 2], [3, 4], weights=[1, 0, 1, 1]).users.tolist() == [1]
    with pytest.raises(MiqrecError, match="nothing to train on"):
        weighed([1, 2], weights=[1, 0])


def test_a_block_without_a_target_is_left_out_and_others_end_at_their_last_one():
    examples = weighed(
        [1, 2, 3, 4, 5, 6, 7], weights=[0, 1, 0, 0, 0, 0, 1], max_length=2, blocks=True
    )
    found = [examples[rows(row)][0] for row in range(len(examples))]
    assert [piece.items.tolist() for piece in found] == [[[5, 6]], [[1]]]
    assert [piece.targets.tolist() for piece in found] == [[[0, 7]], [[2]]]
