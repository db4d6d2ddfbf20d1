"""How a batch is spoilt: which items are masked, which segments cut, and what takes their place."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.histories import Histories
from miqrec.data.sequences import Sequences
from miqrec.training.pretraining.corruption import NegativeSource, cut_segments, mask_items
from miqrec.training.pretraining.examples import Prefixes
from reference import s3rec as reference
from worlds import splits_of

HISTORIES = [[1, 2, 3, 4, 5, 6, 7, 8], [9, 2, 9, 4, 3], [5, 1, 5]]
N_ITEMS, MASK = 12, 13
CPU = torch.device("cpu")


def store(histories: list[list[int]], n_items: int = N_ITEMS) -> Histories:
    items = np.array([item for history in histories for item in history], dtype=np.int32)
    offsets = np.cumsum([0] + [len(history) for history in histories])
    return splits_of(Sequences(items, offsets, n_items)).train


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(*sequences: list[int], users: list[int] | None = None) -> Prefixes:
    width = max(map(len, sequences))
    items = torch.tensor([[*s, *[0] * (width - len(s))] for s in sequences])
    users = torch.tensor(users or [0] * len(sequences))
    return Prefixes(users, items, torch.tensor([len(s) for s in sequences]))


SOURCE = NegativeSource.of(store(HISTORIES), CPU)


def test_the_source_has_the_training_items_end_to_end():
    assert SOURCE.items.tolist() == [1, 2, 3, 4, 5, 6, 9, 2, 9, 5]


def test_the_newest_item_is_always_masked_and_padding_never():
    masked = mask_items(batch([1, 2, 3], [4]), SOURCE, 0.0, MASK, seeded())
    assert masked.items.tolist() == [[1, 2, MASK], [MASK, 0, 0]]
    assert masked.hidden.tolist() == [[False, False, True], [True, False, False]]
    assert masked.targets.tolist() == [3, 4]


def test_the_others_are_masked_with_the_share_that_is_asked():
    many = batch(*[[1, 2, 3, 4, 5, 6]] * 4000)
    hidden = mask_items(many, SOURCE, 0.2, MASK, seeded()).hidden
    others = hidden[:, :5].double()
    assert others.mean().item() == pytest.approx(0.2, abs=4 * (0.2 * 0.8 / 20_000) ** 0.5)
    assert hidden[:, 5].all()


def test_what_is_not_masked_stays_and_what_is_is_a_target():
    prefixes = batch([1, 2, 3, 4, 5, 6], [9, 2, 9], users=[0, 1])
    masked = mask_items(prefixes, SOURCE, 0.5, MASK, seeded())
    assert torch.equal(masked.items[~masked.hidden], prefixes.items[~masked.hidden])
    assert (masked.items[masked.hidden] == MASK).all()
    assert torch.equal(masked.targets, prefixes.items[masked.hidden])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_negative_is_an_item_outside_the_training_history(seed):
    """User 1's held-out items 4 and 3 are outside it, so nothing depends on them."""
    prefixes = batch(*[[9, 2, 9]] * 200, users=[1] * 200)
    negatives = mask_items(prefixes, SOURCE, 0.5, MASK, seeded(seed)).negatives
    assert set(negatives.tolist()) == set(range(1, N_ITEMS + 1)) - {9, 2}


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), length=st.integers(1, 12))
def test_segments_are_cut_as_the_authors_do(seed, length):
    """Whatever was drawn, the three sequences are those of the slow code for these draws."""
    sequence = list(range(20, 20 + length))  # not among the items of the source
    context, positive, negative = (
        x[0].tolist() for x in cut_segments(batch(sequence), SOURCE, MASK, seeded(seed))
    )
    inside = [i for i, item in enumerate(context) if item == MASK]
    start, size = inside[0], len(inside)
    assert 1 <= size <= max(length // 2, 1)
    assert inside == list(range(start, start + size))
    other = negative[start : start + size]
    assert reference.segments(sequence, start, size, other, MASK) == (context, positive, negative)
    text, flat = ",".join(map(str, other)), ",".join(map(str, SOURCE.items.tolist()))
    assert f",{text}," in f",{flat},"


def test_sizes_and_places_of_segments_are_uniform():
    """Of 4 items: 1 or 2 are cut, each half of the times; 1 at four places, 2 at three."""
    n = 12_000
    context = cut_segments(batch(*[[1, 2, 3, 4]] * n), SOURCE, MASK, seeded()).context
    found, counts = (context == MASK).unique(dim=0, return_counts=True)
    sizes = found.sum(1)
    expected = torch.where(sizes == 1, n / 2 / 4, n / 2 / 3)
    assert len(found) == 4 + 3
    assert ((counts - expected).abs() < 5 * expected.sqrt()).all()


def test_padding_stays_padding():
    segments = cut_segments(batch([1, 2, 3, 4], [5, 6]), SOURCE, MASK, seeded())
    for sequences in segments:
        assert ((sequences == 0) == torch.tensor([[False] * 4, [False, False, True, True]])).all()


def test_every_place_of_the_training_items_can_be_a_negative_segment():
    many = batch(*[[11, 11]] * 2000)
    negative = cut_segments(many, SOURCE, MASK, seeded()).negative
    assert set(negative[negative != MASK].tolist()) == {1, 2, 3, 4, 5, 6, 9}


def test_the_generator_decides_everything():
    prefixes = batch([1, 2, 3, 4, 5, 6], [5, 6])

    def spoilt(seed):
        generator = seeded(seed)
        masked = mask_items(prefixes, SOURCE, 0.5, MASK, generator)
        return [*masked, *cut_segments(prefixes, SOURCE, MASK, generator)]

    torch.manual_seed(1)
    first = spoilt(3)
    torch.manual_seed(2)
    assert all(map(torch.equal, first, spoilt(3)))
    assert not all(
        a.shape == b.shape and torch.equal(a, b) for a, b in zip(first, spoilt(4), strict=True)
    )
