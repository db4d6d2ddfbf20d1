"""How attention runs: what it holds in memory, in which precision, and as how many graphs."""

import pytest
import torch

from miqrec.nn.attention import MultiItemQueryAttention
from miqrec.nn.kernels import blockwise
from tensors import LargestTensor


def largest_tensor_of_a_training_step(layer, B, L, D):
    x = torch.randn(B, L, D, requires_grad=True)
    with LargestTensor() as largest:
        layer(x, lengths=torch.full((B,), L)).sum().backward()
    return largest.elements


@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("heads", [1, 2])
def test_training_never_holds_a_tensor_of_all_attention_probabilities(
    heads, causal, pooling, monkeypatch
):
    monkeypatch.setattr(blockwise, "QUERIES", 4 * 8)  # in proportion to inputs as small as these
    monkeypatch.setattr(blockwise, "CHUNK", 1)
    B, m, L, D = 3, 4, 64, 8
    layer = MultiItemQueryAttention(D, heads, m, causal=causal, pooling=pooling)
    assert largest_tensor_of_a_training_step(layer, B, L, D) <= B * m * (L + m) * D


def test_attention_dropout_is_what_makes_the_cpu_hold_them():
    B, m, L, D = 3, 4, 64, 8
    layer = MultiItemQueryAttention(D, 1, m, dropout=0.1)
    assert largest_tensor_of_a_training_step(layer, B, L, D) >= B * m * L * L


def test_bf16_autocast_stays_near_float32():
    torch.manual_seed(0)
    layer, x = MultiItemQueryAttention(16, 2, 3), torch.randn(2, 9, 16)
    with torch.autocast("cpu", torch.bfloat16):
        output = layer(x)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output.float(), layer(x), atol=0.02, rtol=0.05)
