"""The prefixes: which there are, how they are drawn, and that they know nothing of what is held out."""

from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.histories import Histories
from miqrec.data.sequences import Sequences
from miqrec.errors import MiqrecError
from miqrec.training.pretraining.corruption import NegativeSource, cut_segments, mask_items
from miqrec.training.pretraining.examples import PrefixExamples, prefix_loader
from reference import s3rec as reference
from worlds import splits_of

HISTORIES = [[1, 2, 3, 4, 5], [6, 7], [], [8, 1, 2], [3], [5, 4, 3, 2, 1, 2, 3, 4]]


def store(histories: list[list[int]], n_items: int = 9) -> Histories:
    items = np.array([item for history in histories for item in history], dtype=np.int32)
    offsets = np.cumsum([0] + [len(history) for history in histories])
    return splits_of(Sequences(items, offsets, n_items)).train


def rows(examples: PrefixExamples, numbers) -> list[list[int]]:
    piece = examples.piece(np.asarray(numbers))
    return [row[:length] for row, length in zip(piece.items.tolist(), piece.lengths, strict=True)]


histories = st.lists(st.lists(st.integers(1, 9), max_size=9), min_size=1, max_size=6)


@settings(max_examples=50, deadline=None)
@given(histories=histories, max_length=st.integers(1, 10))
def test_examples_are_every_prefix_of_the_newest_training_items(histories, max_length):
    expected = reference.prefixes(histories, max_length)
    if not expected:
        with pytest.raises(MiqrecError, match="no user has a training item"):
            PrefixExamples(store(histories), max_length)
        return
    examples = PrefixExamples(store(histories), max_length)
    assert rows(examples, range(len(examples))) == expected


def test_an_example_knows_its_user():
    examples = PrefixExamples(store(HISTORIES), 3)
    users = examples.piece(np.arange(len(examples))).users.tolist()
    # histories without the held-out two: 3, 2 (too short to hold out), 0, 1, 1 and 6 items
    assert users == [0, 0, 0, 1, 1, 3, 4, 5, 5, 5]


def test_an_epoch_is_all_of_them_once():
    examples = PrefixExamples(store(HISTORIES), 3)
    seen = np.concatenate(list(prefix_loader(examples, 4, 0).sampler))
    assert sorted(seen) == list(range(10))


def test_or_as_many_as_are_drawn_for_each_user_on_average():
    """6 users, one prefix each: 6 of the 10, without repeats, others in the next epoch."""
    examples = PrefixExamples(store(HISTORIES), 3, 1)
    sampler = prefix_loader(examples, 4, 0).sampler
    first = np.concatenate(list(sampler))
    sampler.set_epoch(1)
    second = np.concatenate(list(sampler))
    assert len(sampler) == 2
    assert len(set(first)) == len(first) == examples.n_drawn == 6
    assert set(first) != set(second)


def test_each_prefix_is_as_likely_to_be_drawn_as_any_other():
    """6 of 10 in each of 500 epochs: 300 times each, within 5 standard deviations."""
    examples = PrefixExamples(store(HISTORIES), 3, 1)
    sampler = prefix_loader(examples, 6, 0).sampler
    counts = np.zeros(10)
    for epoch in range(500):
        sampler.set_epoch(epoch)
        counts[np.concatenate(list(sampler))] += 1
    assert (abs(counts - 300) < 5 * (500 * 0.6 * 0.4) ** 0.5).all()


def test_more_cannot_be_drawn_than_there_are():
    assert PrefixExamples(store(HISTORIES), 3, 50).n_drawn == 10


def spoilt_batches(sequences: Sequences) -> list[torch.Tensor]:
    """All that a pre-training of two epochs ever looks at."""
    examples = PrefixExamples(sequences, 5, 1, worth=1)
    loader = prefix_loader(examples, 3, 0)
    source = NegativeSource.of(sequences, torch.device("cpu"))
    seen, generator = [], torch.Generator().manual_seed(0)
    for epoch in range(2):
        loader.sampler.set_epoch(epoch)
        for piece in chain.from_iterable(loader):
            masked = mask_items(piece, source, 0.3, 10, generator)
            seen += [*piece, *masked, *cut_segments(piece, source, 10, generator)]
    return seen


@settings(max_examples=30, deadline=None)
@given(data=st.data(), histories=histories.filter(lambda found: any(map(len, found))))
def test_held_out_items_change_nothing_in_any_batch(data, histories):
    """Whatever the last two items of those who have three are, the same is looked at."""
    others = [
        [*history[:-2], *data.draw(st.lists(st.integers(1, 9), min_size=2, max_size=2))]
        if len(history) > 2
        else history
        for history in histories
    ]
    one, other = spoilt_batches(store(histories)), spoilt_batches(store(others))
    assert len(one) == len(other)
    assert all(map(torch.equal, one, other))
