"""What the base of the encoders adds: the newest state, and scores in float32."""

import torch
from torch import Tensor, nn

from miqrec.models.encoder import Encoder

ITEMS, LENGTHS = torch.tensor([[1, 2, 3], [3, 0, 0]]), torch.tensor([3, 1])


class Average(Encoder):
    """Each state is the mean of the vectors so far."""

    max_length = 3

    def __init__(self):
        super().__init__()
        self.vectors = nn.Parameter(torch.tensor([[0.0, 0], [1, 0], [0, 1], [2, 2]]))

    def forward(self, items: Tensor, lengths: Tensor) -> Tensor:
        return self.vectors[items].cumsum(1) / torch.arange(1, items.shape[1] + 1)[:, None]

    def item_vectors(self) -> Tensor:
        return self.vectors


def test_last_gives_the_newest_valid_state():
    expected = torch.tensor([[[(1 + 0 + 2) / 3, (0 + 1 + 2) / 3]], [[2, 2]]])
    torch.testing.assert_close(Average().last(ITEMS, LENGTHS), expected)


def test_last_gives_the_newest_states_first_and_repeats_that_of_the_first_item():
    of_three = [[(1 + 0 + 2) / 3, (0 + 1 + 2) / 3], [(1 + 0) / 2, (0 + 1) / 2], [1, 0], [1, 0]]
    expected = torch.tensor([of_three, [[2, 2]] * 4])
    torch.testing.assert_close(Average().last(ITEMS, LENGTHS, 4), expected)


def test_last_reads_the_newest_max_length_items():
    items, lengths = torch.tensor([[3, 1, 2, 3]]), torch.tensor([4])
    expected = Average().last(torch.tensor([[1, 2, 3]]), torch.tensor([3]), 4)
    torch.testing.assert_close(Average().last(items, lengths, 4), expected)


def test_scores_compare_the_newest_state_with_every_item():
    expected = torch.tensor([[0.0, 1, 1, 2 * 1 + 2 * 1], [0, 2, 2, 2 * 2 + 2 * 2]])
    torch.testing.assert_close(Average().scores(ITEMS, LENGTHS), expected)


def test_scores_are_float32_whatever_the_precision():
    with torch.autocast("cpu", torch.bfloat16):
        assert Average().scores(ITEMS, LENGTHS).dtype == torch.float32
    assert Average().to(torch.bfloat16).scores(ITEMS, LENGTHS).dtype == torch.float32
