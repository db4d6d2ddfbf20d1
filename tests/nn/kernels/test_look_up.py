"""The look-up against attention that forms its keys and values."""

import pytest
import torch
from torch import nn

from miqrec.nn.kernels.look_up import look_up

M, B, N, L, D = 3, 2, 4, 5, 6
LAST = torch.tensor([[4, 3, 1, 0], [2, 1, 0, 0]])  # each position sees the inputs up to its own
VISIBLE = torch.arange(L) <= LAST.unsqueeze(-1)


def written_out(queries, x, key, value, heads):
    """softmax(q k^T / sqrt(d)) v, head by head, one query of a position after the other."""
    keys, values = (project(x).unflatten(-1, (heads, -1)) for project in (key, value))
    queries = queries.unflatten(-1, (heads, -1))
    scores = torch.einsum("mbnhd,blhd->bnmhl", queries, keys) / (D // heads) ** 0.5
    hidden = ~VISIBLE[:, :, None, None]
    attention = scores.masked_fill(hidden, -torch.inf).softmax(-1)
    return torch.einsum("bnmhl,blhd->bnmhd", attention, values).flatten(3)


def parts(bias=True, dtype=torch.double):
    queries, x = torch.randn(M, B, N, D, dtype=dtype), torch.randn(B, L, D, dtype=dtype)
    key, value = (nn.Linear(D, D, bias=bias, dtype=dtype) for _ in range(2))
    return queries.requires_grad_(), x.requires_grad_(), key, value


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_answers_are_those_of_keys_and_values_in_outputs_and_gradients(heads, bias):
    queries, x, key, value = parts(bias)
    inputs = [queries, x, *key.parameters(), *value.parameters()]
    ours = look_up(queries, x, key, value, heads, visible=VISIBLE)
    theirs = written_out(queries, x, key, value, heads)
    torch.testing.assert_close(ours, theirs)
    direction = torch.randn_like(theirs)
    gradients = [torch.autograd.grad((o * direction).sum(), inputs) for o in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_a_dropped_probability_takes_its_share_of_the_values_bias_with_it():
    queries, x, key, value = parts()
    nn.init.zeros_(
        value.weight
    )  # every value is the bias, of which an answer has what is not dropped
    with torch.no_grad():
        value.bias.fill_(1.0)
    answers = look_up(queries, x, key, value, 1, visible=VISIBLE, dropout=0.5)
    of_one_input = answers[1, 2:]  # these positions see one input, of probability 1
    assert set(of_one_input.unique().tolist()) == {0.0, 2.0}
