"""Padded sequences: which positions are valid and newest, and what trimming and packing keep."""

import pytest
import torch

from miqrec.errors import MiqrecError
from miqrec.nn.padding import newest, pack, packed_places, take_rows, trim, valid

ITEMS = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0], [9, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 3, 1])


def test_valid_marks_what_stands_before_the_end():
    assert valid(LENGTHS, 5).tolist() == (ITEMS > 0).tolist()


def test_newest_takes_the_last_valid_row():
    assert newest(ITEMS.unsqueeze(-1), LENGTHS).squeeze(-1).tolist() == [[5], [8], [9]]


def test_newest_comes_first_and_the_first_row_repeats():
    rows = newest(ITEMS.unsqueeze(-1), LENGTHS, 4).squeeze(-1)
    assert rows.tolist() == [[5, 4, 3, 2], [8, 7, 6, 6], [9, 9, 9, 9]]


def test_no_rows_at_all_are_refused():
    with pytest.raises(MiqrecError, match="n is 0"):
        newest(ITEMS.unsqueeze(-1), LENGTHS, 0)


def test_packing_moves_valid_rows_to_the_front_in_their_order_and_back():
    padding = torch.tensor([[1, 0, 1, 0, 0], [0, 0, 0, 1, 1], [1, 1, 1, 1, 0]]).bool()
    rows = torch.arange(5).expand(3, 5).unsqueeze(-1)

    places = packed_places(padding)

    assert places.tolist() == [[3, 0, 4, 1, 2], [0, 1, 2, 3, 4], [1, 2, 3, 4, 0]]
    packed = pack(rows, places)
    assert packed.squeeze(-1).tolist() == [[1, 3, 4, 0, 2], [0, 1, 2, 3, 4], [4, 0, 1, 2, 3]]
    assert torch.equal(take_rows(packed, places), rows)


def test_trim_keeps_the_newest_items_and_moves_them_to_the_front():
    items, lengths = trim(ITEMS, LENGTHS, 2)
    assert items.tolist() == [[4, 5], [7, 8], [9, 0]]
    assert lengths.tolist() == [2, 2, 1]


def test_trim_leaves_what_fits():
    items, lengths = trim(ITEMS, LENGTHS, 5)
    assert items is ITEMS
    assert lengths is LENGTHS
