"""The attention of exported programs gives what the library's kernel gives, in outputs and gradients."""

import pytest
import torch

from miqrec.nn.kernels.attend import attend
from miqrec.nn.kernels.exported import BLOCKS, exported_attention


def results(function, L):
    torch.manual_seed(0)
    m, B, D = 3, 2, 8
    shapes = [(m, B, L, D), (B, L, D), (B, L, D)]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    answers = function(*inputs)  # (B, L, m, D)
    weights = torch.linspace(-1, 1, answers.numel(), dtype=torch.float64).view(answers.shape)
    return answers, *torch.autograd.grad((answers * weights).sum(), inputs)


@pytest.mark.parametrize("L", [1, 2, BLOCKS, BLOCKS + 1, 2 * BLOCKS, 2 * BLOCKS + 1, 50])
def test_outputs_and_gradients_are_those_of_attend(L):
    ours = results(lambda *x: exported_attention(*x, 2), L)
    torch.testing.assert_close(ours, results(lambda *x: attend(*x, 2, causal=True), L))
