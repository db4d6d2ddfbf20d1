"""Right-padded sequences: what counts, what is newest, what stays."""

import torch

from miqrec.nn.padding import newest, trim, valid

ITEMS = torch.tensor([[1, 2, 3, 4, 5], [6, 7, 8, 0, 0], [9, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 3, 1])


def test_valid_marks_what_stands_before_the_end():
    assert valid(LENGTHS, 5).tolist() == (ITEMS > 0).tolist()


def test_newest_takes_the_last_valid_row():
    assert newest(ITEMS.unsqueeze(-1), LENGTHS).flatten().tolist() == [5, 8, 9]


def test_trim_keeps_the_newest_items_and_moves_them_to_the_front():
    items, lengths = trim(ITEMS, LENGTHS, 2)
    assert items.tolist() == [[4, 5], [7, 8], [9, 0]]
    assert lengths.tolist() == [2, 2, 1]


def test_trim_leaves_what_fits():
    items, lengths = trim(ITEMS, LENGTHS, 5)
    assert items is ITEMS
    assert lengths is LENGTHS
