"""Blockwise attention gives what the library's kernel gives, in outputs and gradients, and holds less."""

import pytest
import torch
import torch.nn.functional as F

from miqrec.nn.kernels import attend as attend_module
from miqrec.nn.kernels import blockwise
from miqrec.nn.kernels.attend import attend
from miqrec.nn.kernels.blockwise import blockwise_attention
from tensors import LargestTensor

BLOCK = 12
"""Positions in a block, in tests."""


@pytest.fixture(autouse=True)
def small_blocks(request, monkeypatch):
    m = request.node.callspec.params.get("m", 3) if hasattr(request.node, "callspec") else 3
    monkeypatch.setattr(blockwise, "QUERIES", m * BLOCK)


def parts(m, B, L, D, dtype=torch.float64):
    torch.manual_seed(0)
    shapes = [(m, B, L, D), (B, L, D), (B, L, D)]
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]


def results(function, inputs):
    answers = function(*inputs)  # (B, L, m, D)
    weights = torch.linspace(-1, 1, answers.numel()).view(answers.shape).to(answers.dtype)
    return answers, *torch.autograd.grad((answers * weights).sum(), inputs)


def kernel(num_heads):
    """The library's causal attention, one of the m queries after the other."""

    def heads(x):
        return x.unflatten(-1, (num_heads, -1)).transpose(1, 2)  # (B, heads, L, d)

    def answers(queries, keys, values):
        k, v = heads(keys), heads(values)
        each = [F.scaled_dot_product_attention(heads(q), k, v, is_causal=True) for q in queries]
        return torch.stack([answer.transpose(1, 2).flatten(2) for answer in each], 2)

    return answers


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("L", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 2])
@pytest.mark.parametrize("kept", [0, BLOCK, 100])
def test_outputs_and_gradients_are_the_kernels(m, L, kept, monkeypatch):
    monkeypatch.setattr(blockwise, "KEPT", kept)
    inputs = parts(m, 3, L, 8)
    ours = results(lambda *x: blockwise_attention(*x, 2), inputs)
    torch.testing.assert_close(ours, results(kernel(2), inputs))


@pytest.mark.parametrize(
    "chunk", [1, 3 * 2 * BLOCK * BLOCK, 2**30]
)  # a sequence, two, all at a time
def test_the_number_of_sequences_at_a_time_changes_nothing(chunk, monkeypatch):
    inputs = parts(3, 5, BLOCK, 8)
    expected = results(kernel(1), inputs)
    monkeypatch.setattr(blockwise, "CHUNK", chunk)
    torch.testing.assert_close(results(lambda *x: blockwise_attention(*x, 1), inputs), expected)


def test_keeping_probabilities_changes_not_a_bit(monkeypatch):
    inputs = parts(3, 2, 2 * BLOCK + 2, 8, torch.bfloat16)
    kept = results(lambda *x: blockwise_attention(*x, 2), inputs)
    monkeypatch.setattr(blockwise, "KEPT", 0)
    again = results(lambda *x: blockwise_attention(*x, 2), inputs)
    torch.testing.assert_close(kept, again, rtol=0, atol=0)


def held(function) -> int:
    """Numbers in the tensors that are saved for backward."""
    saved = []

    def save(tensor):
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(save, lambda tensor: tensor):
        function()
    return sum(tensor.numel() for tensor in saved)


@pytest.mark.parametrize(("kept", "expected"), [(2 * BLOCK, 1), (2 * BLOCK - 1, 0)])
def test_short_sequences_keep_the_probabilities_that_they_see(kept, expected, monkeypatch):
    monkeypatch.setattr(blockwise, "KEPT", kept)
    m, B, L, D = 3, 4, 2 * BLOCK, 2
    inputs = parts(m, B, L, D)
    numbers = m * B * (BLOCK * BLOCK + BLOCK * L)  # of the first block and of the second
    plain = (m + 2) * B * L * D
    assert held(lambda: blockwise_attention(*inputs, 1)) == plain + expected * numbers


def test_no_more_than_a_chunk_of_scores_is_held(monkeypatch):
    monkeypatch.setattr(blockwise, "KEPT", 0)
    m, B, L, D = 3, 4, 4 * BLOCK, 2
    monkeypatch.setattr(blockwise, "CHUNK", m * BLOCK * L)  # a block of one sequence
    inputs = parts(m, B, L, D)
    with LargestTensor() as largest:
        results(lambda *x: blockwise_attention(*x, 1), inputs)
    assert largest.elements == m * BLOCK * L < B * m * L * L


def test_gradients_agree_with_finite_differences():
    inputs = parts(2, 2, 5, 4)
    assert torch.autograd.gradcheck(lambda *x: blockwise_attention(*x, 2), inputs)


def test_bfloat16_stays_near_float32():
    inputs = parts(3, 2, BLOCK + 3, 16, torch.float32)
    rounded = [x.detach().bfloat16().requires_grad_() for x in inputs]
    ours = results(lambda *x: blockwise_attention(*x, 2), rounded)
    for low, full in zip(ours, results(kernel(2), inputs), strict=True):
        assert low.dtype == torch.bfloat16
        assert (low.float() - full).norm() < 0.02 * full.norm()


@pytest.mark.parametrize(
    ("m", "dtype", "precision", "options", "this_way"),
    [
        (2, torch.float32, "highest", {"causal": True}, True),
        (1, torch.bfloat16, "highest", {"causal": True}, True),
        (1, torch.float32, "highest", {"causal": True}, False),
        (1, torch.float32, "medium", {"causal": True}, True),
        (2, torch.bfloat16, "medium", {"causal": False}, False),
        (2, torch.bfloat16, "medium", {"causal": True, "dropout": 0.5}, False),
    ],
)
def test_what_goes_this_way_on_a_cpu(m, dtype, precision, options, this_way, monkeypatch):
    calls = []

    def spy(*inputs):
        calls.append(inputs)
        return blockwise_attention(*inputs)

    monkeypatch.setattr(attend_module, "blockwise_attention", spy)
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: precision)
    attend(*(x.detach() for x in parts(m, 2, 5, 4, dtype)), 1, **options)
    assert len(calls) == this_way
