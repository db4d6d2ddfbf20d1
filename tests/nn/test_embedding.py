"""Item vectors plus positions that count back from the newest item."""

import pytest
import torch
from torch.nn.functional import layer_norm

from miqrec.nn.embedding import S3RecEmbedding, SASRecEmbedding

ITEMS, LENGTHS = torch.tensor([[1, 2, 3], [4, 0, 0]]), torch.tensor([3, 1])
STEPS_BACK = torch.tensor([[2, 1, 0], [0, 0, 0]])  # padding borrows the newest's


def test_sasrec_scales_items_by_the_root_of_the_width_and_adds_positions():
    embedding = SASRecEmbedding(4, 16, 5, dropout=0.0)
    expected = 4 * embedding.items.weight[ITEMS] + embedding.positions.weight[STEPS_BACK]
    torch.testing.assert_close(embedding(ITEMS, LENGTHS), expected)


def test_s3rec_normalises_the_unscaled_sum():
    embedding = S3RecEmbedding(4, 16, 5, dropout=0.0)
    total = embedding.items.weight[ITEMS] + embedding.positions.weight[STEPS_BACK]
    torch.testing.assert_close(embedding(ITEMS, LENGTHS), layer_norm(total, (16,)))


@pytest.mark.parametrize("kind", [SASRecEmbedding, S3RecEmbedding])
def test_dropping_old_items_changes_nothing_for_those_that_stay(kind):
    embedding = kind(4, 8, 5, dropout=0.0)
    whole = embedding(torch.tensor([[1, 2, 3, 4]]), torch.tensor([4]))
    newest_two = embedding(torch.tensor([[3, 4]]), torch.tensor([2]))
    torch.testing.assert_close(whole[:, 2:], newest_two)


@pytest.mark.parametrize("kind", [SASRecEmbedding, S3RecEmbedding])
def test_row_0_is_zero_and_gets_no_gradient(kind):
    embedding = kind(4, 8, 5, dropout=0.0)
    (embedding(ITEMS, LENGTHS) * torch.randn(8)).sum().backward()
    assert not embedding.items.weight[0].any()
    assert not embedding.items.weight.grad[0].any()
    assert embedding.items.weight.grad[1:].any(1).all()


@pytest.mark.parametrize("kind", [SASRecEmbedding, S3RecEmbedding])
def test_dropout_acts_in_training_only(kind):
    embedding = kind(4, 64, 5, dropout=0.5)
    assert (embedding(ITEMS, LENGTHS) == 0).float().mean().item() == pytest.approx(0.5, abs=0.15)
    embedding.eval()
    assert (embedding(ITEMS, LENGTHS) != 0).all()
