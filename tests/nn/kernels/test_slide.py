"""Sliding windows: the j-th query of position t was projected at t + j."""

import pytest
import torch

from miqrec.nn.kernels.slide import slide


def test_each_position_has_its_own_window():
    projected = torch.tensor([[[0, 1], [10, 11], [20, 21]]]).unsqueeze(-1)  # (1, 3, 2, 1)
    assert slide(projected).squeeze().tolist() == [[0, 10], [11, 21]]  # (m, L)


@pytest.mark.parametrize(("L", "m"), [(1, 1), (1, 4), (5, 1), (5, 3)])
def test_is_the_loop_over_queries_in_outputs_and_gradients(L, m):
    projected = torch.randn(2, L + m - 1, m, 4, dtype=torch.float64, requires_grad=True)
    expected = torch.stack([projected[:, j : j + L, j] for j in range(m)])
    weights = torch.randn_like(expected)
    queries = slide(projected)
    torch.testing.assert_close(queries, expected)
    gradients = [
        torch.autograd.grad((x * weights).sum(), projected)[0] for x in (queries, expected)
    ]
    torch.testing.assert_close(*gradients)


def test_queries_are_a_view():
    projected = torch.randn(2, 5, 3, 4)
    assert slide(projected).data_ptr() == projected.data_ptr()
