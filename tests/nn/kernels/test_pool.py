"""The weights of the answers against the table of softmaxes that they are taken from."""

import pytest
import torch
from torch import nn

from miqrec.nn.kernels.pool import answer_weights


def written_out(answers, query, key, pooling):
    """alpha from A = softmax of (O Wpq + bpq)(O Wpk)^T / sqrt(D): its mean row or its last one."""
    scores = query(answers) @ key(answers).mT / answers.shape[-1] ** 0.5  # (B, T, m, m)
    table = scores.softmax(-1)
    return table.mean(-2) if pooling == "mean" else table[..., -1, :]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("m", [1, 2, 5])
def test_weights_follow_the_table_in_outputs_and_gradients(m, pooling, bias):
    query, key = nn.Linear(6, 6, bias=bias).double(), nn.Linear(6, 6, bias=False).double()
    answers = torch.randn(2, 3, m, 6, dtype=torch.double, requires_grad=True)
    inputs = [answers, *query.parameters(), key.weight]
    direction = torch.randn(2, 3, m, dtype=torch.double)

    ours, theirs = (f(answers, query, key, pooling) for f in (answer_weights, written_out))

    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad((x * direction).sum(), inputs) for x in (ours, theirs)]
    torch.testing.assert_close(*gradients)
    torch.testing.assert_close(ours.sum(-1), torch.ones(2, 3, dtype=torch.double))
