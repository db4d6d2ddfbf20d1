"""Noise in training: what it changes, what it leaves alone, and what decides it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.data.batches.training import TrainingExamples
from miqrec.runs.fit import fit
from miqrec.training.input_noise import add_items, drop_items, replace_items
from worlds import cycle, histories_of, small

HISTORIES = st.lists(st.lists(st.integers(1, 9), min_size=2, max_size=8), min_size=1, max_size=5)
SHARES = st.sampled_from([0.0, 0.3, 0.99])


def piece_of(lists):
    """One piece of all histories, whose items are numbered so that each says where it stood."""
    examples = TrainingExamples(histories_of(lists, n_items=9), 20, worth=float("inf"))
    (piece,) = examples[torch.arange(len(lists)).numpy()]
    return piece


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@settings(deadline=None, max_examples=50)
@given(HISTORIES, SHARES, st.integers(0, 99))
def test_replacing_changes_inputs_and_nothing_else(lists, share, seed):
    piece = piece_of(lists)
    noisy = replace_items(piece, share, 9, seeded(seed))
    assert ((noisy.items > 0) == (piece.items > 0)).all()
    assert noisy.items.max() <= 9
    for before, after in zip(piece._replace(items=noisy.items), noisy, strict=True):
        assert before is after or before.equal(after)


def test_a_share_of_the_inputs_is_replaced():
    piece = piece_of([[1] * 8] * 500)
    noisy = replace_items(piece, 0.3, 9, seeded())
    changed = (noisy.items != piece.items).float().mean().item()
    assert changed == pytest.approx(0.3 * 8 / 9, abs=0.03)  # one in nine is replaced by itself


@settings(deadline=None, max_examples=50)
@given(HISTORIES, SHARES, st.integers(0, 99))
def test_dropping_leaves_rows_of_inputs_with_their_targets_in_order(lists, share, seed):
    piece = piece_of(lists)
    noisy = drop_items(piece, share, seeded(seed))
    for row in range(len(lists)):
        pairs, left = (
            list(zip(each.items[row].tolist(), each.targets[row].tolist(), strict=True))
            for each in (piece, noisy)
        )
        length = int(noisy.lengths[row])
        assert length >= 1
        assert all(pair == (0, 0) for pair in left[length:])
        remaining = iter(pairs)
        assert all(pair in remaining for pair in left[:length])  # a subsequence
    assert noisy.positions.tolist() == noisy.targets.flatten().nonzero().squeeze(1).tolist()


def test_a_share_of_the_inputs_is_dropped():
    noisy = drop_items(piece_of([[1] * 8] * 500), 0.3, seeded())
    assert noisy.lengths.sum().item() == pytest.approx(500 * 7 * 0.7, rel=0.03)


def test_a_row_that_would_lose_everything_keeps_its_newest_input():
    noisy = drop_items(piece_of([[1, 2, 3, 4]] * 50), 0.999, seeded())
    assert {tuple(row) for row in noisy.items.tolist()} == {(3, 0, 0)}
    assert {tuple(row) for row in noisy.targets.tolist()} == {(4, 0, 0)}


@settings(deadline=None, max_examples=50)
@given(HISTORIES, SHARES, st.integers(0, 99))
def test_an_added_item_asks_for_what_the_input_before_it_asks_for(lists, share, seed):
    piece = piece_of(lists)
    real = piece.items + 100 * (piece.items > 0)
    others = piece._replace(items=real, weights=piece.targets.float())
    noisy = add_items(others, share, 9, 40, seeded(seed))
    for row, before in enumerate(piece.lengths.tolist()):
        length = int(noisy.lengths[row])
        items, targets = (x[row, :length].tolist() for x in (noisy.items, noisy.targets))
        assert [item - 100 for item in items if item > 100] == piece.items[row, :before].tolist()
        asked = iter(piece.targets[row].tolist())
        target = None
        for item, found in zip(items, targets, strict=True):
            target = next(asked) if item > 100 else target
            assert found == target
        assert not noisy.items[row, length:].any()
    assert noisy.weights.equal(noisy.targets.float())
    assert noisy.positions.tolist() == noisy.targets.flatten().nonzero().squeeze(1).tolist()


def test_an_item_is_added_behind_a_share_of_the_inputs():
    noisy = add_items(piece_of([[1] * 8] * 500), 0.3, 9, 40, seeded())
    assert noisy.lengths.sum().item() == pytest.approx(500 * 7 * 1.3, rel=0.03)


def test_a_row_that_grows_too_long_loses_its_oldest_inputs():
    noisy = add_items(piece_of([[1, 2, 3, 4]] * 50), 0.999, 9, 4, seeded())
    assert noisy.items.shape == (50, 4)
    assert {tuple(row) for row in noisy.items[:, ::2].tolist()} == {(2, 3)}
    assert {tuple(row) for row in noisy.targets.tolist()} == {(3, 3, 4, 4)}


@pytest.mark.parametrize("kind", ["replace_inputs", "drop_inputs", "add_inputs"])
@pytest.mark.parametrize("answers", [1, 3])
def test_training_with_noise_learns_and_is_decided_by_its_seed(kind, answers, tmp_path):
    def weights(name, **values):
        plan = small("sasrec", cycle(), answers=answers, epochs=2, **values)
        return fit(plan, tmp_path / name).model.state_dict()

    clean, one, again = (
        weights(name, **({kind: 0.3} if name != "clean" else {}))
        for name in ("clean", "one", "two")
    )
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], clean[name]) for name in one)
