"""Dropout: a share becomes zero, the rest is scaled, and the generator decides."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from miqrec.nn.kernels.dropout import LEVELS, Dropout


def training(p, x):
    torch.manual_seed(3)
    return Dropout(p)(x)


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5, 0.9])
def test_drops_the_share_and_keeps_the_mean(p):
    x = training(p, torch.ones(500, 400))
    share = (x == 0).double().mean().item()
    standard_error = (p * (1 - p) / x.numel()) ** 0.5
    assert abs(share - p) < 5 * standard_error + 1 / LEVELS
    assert x.max().item() == pytest.approx(1 / (1 - p), rel=1e-4)
    assert x.mean().item() == pytest.approx(1, abs=6 * standard_error / (1 - p))


def test_neighbours_are_dropped_independently():
    dropped = (training(0.5, torch.ones(2**18)) == 0).double() - 0.5
    for lag in range(1, 9):  # four numbers share a draw
        correlation = 4 * (dropped[lag:] * dropped[:-lag]).mean().item()
        assert abs(correlation) < 5 / 2**9  # five standard errors


@given(st.lists(st.integers(0, 5), max_size=3), st.sampled_from([torch.float32, torch.bfloat16]))
@settings(max_examples=30, deadline=None)
def test_shape_and_precision_stay(shape, dtype):
    x = Dropout(0.5)(torch.ones(shape, dtype=dtype))
    assert (list(x.shape), x.dtype) == (shape, dtype)


def test_gradient_passes_where_the_value_did():
    x = torch.ones(1000, requires_grad=True)
    y = training(0.25, x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_the_seed_decides():
    x = torch.ones(100)
    assert torch.equal(training(0.5, x), training(0.5, x))
    assert not torch.equal(Dropout(0.5)(x), Dropout(0.5)(x))


@pytest.mark.parametrize("layer", [Dropout(0.0), Dropout(0.5).eval()])
def test_without_training_or_share_nothing_happens(layer):
    x = torch.randn(5)
    assert torch.equal(layer(x), x)


def test_compiles_into_one_graph():
    compiled = torch.compile(Dropout(0.25), fullgraph=True, backend="aot_eager")
    assert (compiled(torch.ones(10_000)) == 0).float().mean().item() == pytest.approx(
        0.25, abs=0.03
    )
